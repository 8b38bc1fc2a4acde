"""The second half of lesson 5: a model in NumPy learns residues, and makes new ones. usage: train.py RESIDUE_LIBRARY"""
import sys

import numpy as np

import catenary

degree = np.pi / 180
types = ("alanine", "glycine", "proline")
share = (0.5, 0.3, 0.2)
# Where in the Ramachandran plot they are, about: phi and psi in degrees, and the share of each type there.
regions = {"alpha helix": ((-63, -43), (0.65, 0.25, 0.35)), "beta sheet": ((-120, 130), (0.30, 0.30, 0.00)),
           "polyproline": ((-70, 150), (0.00, 0.00, 0.65)), "left-handed": ((57, 47), (0.05, 0.45, 0.00))}
middles = degree * np.array([middle for middle, _ in regions.values()])
share_of_type = np.array([shares for _, shares in regions.values()])


def wrapped(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def draw_residues(n, random):
    kind = random.choice(3, n, p=share).astype(np.int32)
    region = (random.random((n, 1)) > np.cumsum(share_of_type[:, kind].T, axis=1)[:, :-1]).sum(axis=1)
    torsions = wrapped(middles[region] + 15 * degree * random.standard_normal((n, 2)))
    return {"torsions": torsions.astype(np.float32), "type": kind}


class Waves:
    """Waves of both angles, weighted by tables over type and time: 2 elements of a score and 3 logits."""
    highest, knots = 4, 8

    def __init__(self, horizon):
        self.horizon = horizon
        self.pairs = np.array([(k, l) for k in range(self.highest + 1)
                               for l in range(-self.highest if k else 0, self.highest + 1)], np.float32).T
        self.weights = np.zeros((3 * self.knots, 5, 2 * self.pairs.shape[1]), np.float32)
        self.mean, self.square, self.steps = np.zeros_like(self.weights), np.zeros_like(self.weights), 0

    def __call__(self, xt, t):
        kind = xt["type"]
        t = np.broadcast_to(np.asarray(t, np.float32), kind.shape)
        place = np.clip(np.log2(t / 0.02) * (self.knots - 1) / np.log2(self.horizon / 0.02), 0, self.knots - 1.01)
        each, table, along = np.arange(len(kind)), kind * self.knots + place.astype(int), place % 1
        self.tables = np.zeros((len(kind), 3 * self.knots), np.float32)  # The share of each.
        self.tables[each, table], self.tables[each, table + 1] = 1 - along, along
        phase = xt["torsions"] @ self.pairs
        self.waves = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)[:, None, :]
        self.size = (1 / np.sqrt(t + 0.07))[:, None]  # About that of a score.
        weights = (self.tables @ self.weights.reshape(3 * self.knots, -1)).reshape(len(kind), 5, -1)
        out = (weights * self.waves).sum(axis=2)
        return {"torsions": self.size * out[:, :2], "type": out[:, 2:]}

    def learn(self, derivatives, rate):
        """A step of Adam by the mean of the derivatives of the loss by the last estimates."""
        n = len(self.waves)
        by = np.concatenate([self.size * derivatives["torsions"], derivatives["type"]], axis=1)[:, :, None] / n
        slope = (self.tables.T @ (by * self.waves).reshape(n, -1)).reshape(self.weights.shape)
        self.steps += 1
        self.mean += 0.1 * (slope - self.mean)
        self.square += 0.001 * (slope * slope - self.square)
        correction = np.sqrt(1 - 0.999 ** self.steps) / (1 - 0.9 ** self.steps)
        self.weights -= rate * correction * self.mean / (np.sqrt(self.square) + 1e-8)


def shares(residues):
    """Of each type in each region: whose middle is nearest, and within 50 degrees."""
    away = np.linalg.norm(wrapped(residues["torsions"][:, None, :] - middles), axis=2)
    near, nearest = away.min(axis=1) < 50 * degree, away.argmin(axis=1)
    counts = np.zeros((len(regions), len(types)))
    np.add.at(counts, (nearest[near], residues["type"][near]), 1 / len(near))
    return counts


def main():
    sampler = catenary.Sampler(sys.argv[1], "residue")
    random, model = np.random.default_rng(1), Waves(sampler.horizon)
    batch, steps, every = 256, 3000, 500
    total = {}
    print("   step   loss of torsions   loss of types")
    for step in range(1, steps + 1):
        data = draw_residues(batch, random)
        times = np.exp2(random.uniform(np.log2(0.02), np.log2(sampler.horizon), batch))  # One for each sample.
        noisy = sampler.forward(data, times, seed=1, step=step)
        estimate = model(noisy, times)
        model.learn(sampler.loss_gradient(estimate, data, noisy, times), 0.02 if step < steps / 2 else 0.004)
        for name, loss in sampler.loss(estimate, data, noisy, times).items():
            total[name] = total.get(name, 0) + loss.mean() / every
        if step % every == 0:
            print(f"  {step:5}   {total['torsions']:16.3f}   {total['type']:13.3f}", flush=True)
            total = {}

    samples = 20000
    walk = [*np.geomspace(sampler.horizon, 0.02, 80), 0]
    made = sampler.reverse(model, walk, samples, seed=2)
    wanted, found = shares(draw_residues(samples, random)), shares(made)
    print(f"\n{samples} residues made of noise; shares, in brackets those of data:\n")
    print(" " * 14 + "".join(f"{name:>18}" for name in types))
    for name, row, data in zip(regions, found, wanted):
        print(f"  {name:12}" + "".join(f"{a:10.3f} ({b:5.3f})" for a, b in zip(row, data)))
    off = np.abs(found - wanted).sum() / 2
    print(f"\nThey differ by {100 * off:.1f} % of the residues.")
    return 0 if off < 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
