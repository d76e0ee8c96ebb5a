"""Draw farthest-digits.png: python docs/pictures/farthest_digits.py."""

from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import topolens as tl


def main() -> None:
    """Show which images a random and a farthest sample take."""
    images = load_digits().data
    flat = tl.pca(images, keep=2).points
    chosen = {
        "100 random images": tl.sample_rows(len(images), 100),
        "100 farthest images": tl.farthest_points(images, n_points=100).rows,
    }
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True)
    for axis, (title, rows) in zip(axes, chosen.items(), strict=True):
        axis.scatter(*flat.T, s=5, color="#c8ccd0", linewidths=0)
        axis.scatter(*flat[rows].T, s=16, color="#0b6e99", linewidths=0)
        axis.set_title(title, loc="left", fontsize=11)
        axis.set_aspect("equal")
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(Path(__file__).with_name("farthest-digits.png"), dpi=110)


if __name__ == "__main__":
    main()
