"""Matrix products."""

import torch


def make_step(options):
    """Return `A · B` with either operand transposed. Options: {"size", "transposeA", "transposeB"}."""
    size = options["size"]
    a, b = torch.rand(size, size), torch.rand(size, size)
    left = a.T if options["transposeA"] else a
    right = b.T if options["transposeB"] else b
    return lambda: left @ right
