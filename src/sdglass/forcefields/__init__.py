"""Force fields: everything that gives energies and local fields, behind one contract."""
