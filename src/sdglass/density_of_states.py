"""Spectra of the electrons: density of states, participation ratio, level statistics (paper Fig. 2)."""

import numpy as np

# Mean ratio of consecutive level spacings for extended (Gaussian orthogonal ensemble) and for
# localised (Poisson) states: Atas, Bogomolny, Giraud, Roux, Phys. Rev. Lett. 110, 084101 (2013).
SPACING_RATIO_GOE = 0.5307
SPACING_RATIO_POISSON = 2 * np.log(2) - 1


def density_of_states(eigenvalues, edges, n_sites):
    """Return rho(e) = (1/N) sum_k delta(e - e_k) as a histogram on `edges` [1/t0].

    Parameters
    ----------
    eigenvalues : numpy.ndarray, any shape
        Levels of one configuration [t0].
    edges : numpy.ndarray, shape (B + 1,)
        Bin edges [t0].
    n_sites : int
        N of Fig. 2's normalisation.
    """
    counts, _ = np.histogram(np.ravel(eigenvalues), edges)
    return counts / (n_sites * np.diff(edges))


def participation_ratio(vectors):
    """Return 1 / (N sum_i p_i^2) of each state: 1 if spread evenly over all sites, 1/N on one site.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (N, K)
        Normalised real or complex eigenvectors of the hopping matrix, as columns.
    """
    probability = np.abs(vectors) ** 2
    return 1.0 / (len(vectors) * np.einsum("ik,ik->k", probability, probability))


def spacing_ratios(eigenvalues):
    """Return min(s_k, s_{k+1}) / max(s_k, s_{k+1}) of consecutive level spacings, shape (K - 2,).

    Their mean is 0.5307 for extended states (level repulsion) and 0.3863 for localised ones
    (Oganesyan and Huse, Phys. Rev. B 75, 155111 (2007)); no unfolding is needed.
    """
    spacings = np.diff(np.sort(eigenvalues))
    return np.minimum(spacings[1:], spacings[:-1]) / np.maximum(spacings[1:], spacings[:-1])
