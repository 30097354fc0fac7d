"""What is measured on spins: correlations, lengths, growth laws, local energies."""
