"""The electrons: Hamiltonian, hopping laws, exact solution, spectra, perturbation theory."""
