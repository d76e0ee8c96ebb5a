"""CKA between layers whose rows arrive in batches and are never held together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_one_of, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.results import DistanceMatrix
from topolens.comparison.centring import host_points
from topolens.comparison.streaming_sums import BatchMeans, Moments

__all__ = ["StreamingCKA"]

_LARGEST = 1e70
_ESTIMATORS = {"linear": "linear_cka", "unbiased": "unbiased_cka", "minibatch": "unbiased_cka"}


class StreamingCKA:
    """CKA of all pairs of layers, fed batch by batch.

    Parameters
    ----------
    estimator : {"linear", "unbiased", "minibatch"}, default linear
        "linear" and "unbiased" give `linear_cka` and `unbiased_cka` of all rows ever fed, whatever
        the batches, from sums of products of features in double precision: memory 8 D^2 bytes for
        D features of all layers together, time O(n D^2). "minibatch" averages the unbiased HSIC of
        the batches (Nguyen, Raghu, Kornblith, ICLR 2021): memory O(layers^2), an
        estimate with the noise of the batch size; all batches weigh alike.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> stream = StreamingCKA()
    >>> for _ in range(20):
    ...     batch = rng.normal(size=(500, 8))
    ...     stream.update({"input": batch, "relu": np.maximum(batch, 0)})
    >>> stream.n_points
    10000
    >>> stream.matrix().values.round(2)
    array([[1.  , 0.73],
           [0.73, 1.  ]])
    """

    def __init__(self, *, estimator: str = "linear") -> None:
        check_one_of(estimator, "estimator", tuple(_ESTIMATORS))
        self._estimator = estimator
        self._widths: dict[str, int] = {}
        self._sums: Moments | BatchMeans | None = None

    @property
    def n_points(self) -> int:
        """Rows fed so far, of each layer."""
        return 0 if self._sums is None else self._sums.n_points

    def update(self, batch: Mapping[str, ArrayLike]) -> None:
        """Add rows: for every layer the activations of the same samples.

        Parameters
        ----------
        batch : mapping of str to array_like of shape (n_rows, n_features)
            The same layers, of the same widths, every time; "minibatch" needs four rows.

        Raises
        ------
        InvalidInputError
            If layers are missing, new or of another width than before, their numbers of rows
            differ, or an entry is beyond 1e70. What was fed before stays as it was.
        """
        at_least = 4 if self._estimator == "minibatch" else 1
        layers = {
            name: host_points(rows, name=name, at_least=at_least).astype(np.float64)
            for name, rows in batch.items()
        }
        self._check(layers)
        for name, rows in layers.items():
            if (largest := float(np.abs(rows).max())) > _LARGEST:
                raise InvalidInputError(
                    f"`{name}` must have entries of at most {_LARGEST:g} in size, whose fourth "
                    f"powers are summed; one is {largest:g}"
                )
        if self._sums is None:
            self._widths = {name: rows.shape[1] for name, rows in layers.items()}
            self._sums = self._begin([*layers.values()])
        self._sums.add([layers[name] for name in self._widths])

    def _begin(self, layers: list[NDArray[np.float64]]) -> Moments | BatchMeans:
        if self._estimator == "minibatch":
            return BatchMeans(len(layers))
        return Moments(layers, unbiased=self._estimator == "unbiased")

    def _check(self, layers: Mapping[str, NDArray[np.float64]]) -> None:
        if not layers:
            raise InvalidInputError("`batch` must hold at least one layer; got none")
        first, *others = layers
        for other in others:
            check_same_length(layers[first], layers[other], (first, other))
        widths = {name: rows.shape[1] for name, rows in layers.items()}
        if self._widths and widths != self._widths:
            changed = sorted(
                name
                for name in widths.keys() | self._widths.keys()
                if widths.get(name) != self._widths.get(name)
            )
            raise InvalidInputError(
                "`batch` must hold the layers of the first batch, as wide as there; "
                f"differs in {', '.join(f'`{name}`' for name in changed)}"
            )

    def matrix(self) -> DistanceMatrix:
        """CKA of all pairs of layers over the rows fed so far.

        Returns
        -------
        DistanceMatrix
            Similarities; NaN, with a note, for a layer on which CKA is undefined.

        Raises
        ------
        InvalidInputError
            If no rows, or fewer than two (four without bias), were fed.
        """
        needed = 2 if self._estimator == "linear" else 4
        if self._sums is None or self.n_points < needed:
            raise InvalidInputError(
                f"`update` must have been given at least {needed} rows; got {self.n_points}"
            )
        also = "" if self._estimator == "linear" else ", or all pairs of rows are equally far apart"
        hsic, rounding = self._sums.hsic()
        own = np.diagonal(hsic)
        undefined = own <= rounding
        norms = np.sqrt(np.where(undefined, np.nan, own))
        notes = tuple(
            f"{name}: CKA is undefined when all rows coincide{also}"
            for name, is_so in zip(self._widths, undefined, strict=True)
            if is_so
        )
        return DistanceMatrix(
            np.clip(hsic / norms / norms[:, None], -1, 1),
            tuple((name,) for name in self._widths),
            _ESTIMATORS[self._estimator],
            is_similarity=True,
            notes=notes,
        )
