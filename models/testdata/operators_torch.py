"""Modules that return the results of many operators of PyTorch, for make_fixtures.py."""

import torch
from torch import nn


class Losses(nn.Module):
    """Losses, statistics and searches."""

    def forward(self, x, ids, image):
        F = nn.functional
        y = x * 0.5 + 0.1
        p = torch.sigmoid(x)
        target = ids[:, :5] % 3
        logits = x
        holes = torch.where(x > 0.3, float("nan"), x)
        return (
            F.mse_loss(x, y), F.mse_loss(x, y, reduction="sum"), F.mse_loss(x, y, reduction="none"), F.l1_loss(x, y), F.l1_loss(x, y, reduction="none"),
            F.smooth_l1_loss(x, y, beta=0.3), F.smooth_l1_loss(x, y, beta=0.0), F.huber_loss(x, y, delta=0.2, reduction="sum"), F.binary_cross_entropy(p, target_like(x)), F.binary_cross_entropy(p, target_like(x), weight=p, reduction="none"),
            F.binary_cross_entropy_with_logits(x, target_like(x)), F.binary_cross_entropy_with_logits(x, target_like(x), pos_weight=torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0]), reduction="sum"), F.soft_margin_loss(x, target_like(x) * 2 - 1), F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1), reduction="batchmean"), F.kl_div(F.log_softmax(x, 1), F.log_softmax(y, 1), log_target=True),
            F.cross_entropy(logits, target), F.cross_entropy(logits, target, ignore_index=1), F.cross_entropy(logits, target, weight=torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.1), F.cross_entropy(logits, F.softmax(y, 1)), F.cross_entropy(logits, target, reduction="none"), F.cross_entropy(x[:, :, 0], ids[:, 0] % 3, reduction="sum"),
            F.nll_loss(F.log_softmax(logits, 1), target), F.nll_loss(F.log_softmax(x[:, :, 0], 1), ids[:, 0] % 3, weight=torch.tensor([1.0, 2.0, 0.5])), F.margin_ranking_loss(x, y, target_like(x) * 2 - 1, margin=0.1), F.hinge_embedding_loss(x, target_like(x) * 2 - 1), F.cosine_embedding_loss(x[:, 0], y[:, 1], target_like(x)[:, 0, 0] * 2 - 1),
            F.poisson_nll_loss(x, p), F.triplet_margin_loss(x[:, 0], x[:, 1], x[:, 2]),
            torch.diff(x), torch.diff(x, n=2, dim=1), torch.diff(ids, dim=0, prepend=ids[:1]), torch.cummax(x, 1)[0], torch.cummax(x, 1)[1], torch.cummin(x, -1)[0], torch.cummin(ids, 1)[1],
            torch.quantile(x, 0.3), torch.quantile(x, torch.tensor([0.1, 0.5, 1.0]), dim=1), torch.quantile(x, 0.7, dim=2, keepdim=True, interpolation="nearest"), torch.nanquantile(holes, 0.4, dim=2), torch.nanmean(holes), torch.nanmean(holes, 1), torch.nanmean(holes, (0, 2), keepdim=True), torch.nanmedian(holes), torch.nanmedian(holes, 1)[0],
            torch.trace(x[0]), x.reshape_as(ids[:, :5].reshape(4, 5, 1).expand(4, 5, 3)), x.view_as(x[:, :, None, :].squeeze(2)), x[:1].expand_as(x), torch.broadcast_tensors(x, x[:1], x[..., :1])[1], torch.broadcast_tensors(x, ids[0, 0])[1], torch.masked_scatter(x, x > 0, image), torch.as_strided(x, (3, 2), (5, 2), 3), x.as_strided((2, 2, 2), (1, 1, 7)),
            torch.logspace(0, 2, 5), torch.full_like(x, 2.5), torch.clone(x).fill_(3), torch.isin(ids, torch.tensor([1, 4])),
            torch.float_power(p, 2), torch.signbit(x), torch.special.xlog1py(x, p), torch.real(x), torch.sum(holes.isnan()), torch.std(x), torch.addr(x[0], x[0, :, 0], x[0, 0]), torch.chain_matmul(x[0], x[1].T), torch.cdist(x, x[:, :2]), F.logsigmoid(x), F.softmin(x, 1), F.softsign(x), F.tanhshrink(x), F.threshold(x, 0, 1), F.hardtanh(x), F.normalize(x), F.lp_pool2d(image, 2, 2), F.lp_pool1d(x, 3, 2),
        )


def target_like(x):
    return (x > 0.1).float()


class Linalg(nn.Module):
    """Decompositions and solutions of linear systems."""

    def forward(self, x, ids, image):
        a = x[..., :3] + torch.eye(3) * 2
        spd = a @ a.mT + torch.eye(3)
        b = x[..., 3:]
        q, r = torch.linalg.qr(x)
        q2, r2 = torch.linalg.qr(x.mT)
        u, s, vh = torch.linalg.svd(x, full_matrices=False)
        w, v = torch.linalg.eigh(spd)
        lu, pivots = torch.linalg.lu_factor(a)
        return (
            torch.linalg.inv(a), torch.inverse(a), torch.linalg.det(a), torch.det(a[0]), torch.linalg.slogdet(a)[0], torch.linalg.slogdet(a)[1], torch.logdet(spd),
            torch.linalg.solve(a, b), torch.linalg.solve(a, b[..., 0]), torch.linalg.solve_triangular(a.tril(), b, upper=False), torch.linalg.solve_triangular(a.triu(), b, upper=True), torch.linalg.solve_triangular(a.triu(), b.mT, upper=True, left=False), torch.linalg.solve(a, b.mT, left=False), torch.linalg.svd(x, full_matrices=True)[2].abs()[:, :3], torch.linalg.svd(x.mT)[0].abs()[..., :3], torch.linalg.eigh(spd, UPLO="U")[0], torch.linalg.matrix_norm(x, -2, dim=(0, 2), keepdim=True), torch.linalg.matrix_norm(x, -1), torch.linalg.solve(a[:1], b), torch.linalg.cholesky(spd), torch.linalg.cholesky(spd, upper=True), torch.cholesky_solve(b, torch.linalg.cholesky(spd)), torch.cholesky_inverse(torch.linalg.cholesky(spd)),
            q @ r, q.abs(), r.abs(), q2 @ r2, q2.abs(), torch.linalg.qr(x.mT, mode="complete")[1].abs(), u * s[..., None, :] @ vh, s, u.abs(), torch.linalg.svdvals(x), torch.linalg.svd(x.mT)[1], w, v.abs(), torch.linalg.eigvalsh(spd),
            torch.linalg.pinv(x), torch.linalg.matrix_power(a, 3), torch.linalg.matrix_power(a, -2), torch.linalg.matrix_power(a, 0), torch.matrix_power(a * 0.5, 5), torch.linalg.matrix_norm(x), torch.linalg.matrix_norm(x, 2), torch.linalg.matrix_norm(x, "nuc"), torch.linalg.matrix_norm(x, 1), torch.linalg.matrix_norm(x, float("inf")), torch.linalg.norm(x[0]), torch.linalg.norm(x, ord=2, dim=(1, 2)), lu, pivots, torch.linalg.lu_solve(lu, pivots, b), torch.linalg.multi_dot([x[0], x[0].T, x[0]]), torch.linalg.inv_ex(a)[0], torch.linalg.cholesky_ex(spd)[0], torch.triangular_solve(b, a.triu())[0], torch.linalg.det(a[:, :0, :0]),
        )


class Fourier(nn.Module):
    """Fourier transforms, windows and complex numbers."""

    def forward(self, x, ids, image):
        wave = image.flatten(1)
        z = torch.complex(x, x.flip(-1))
        window = torch.hann_window(16)
        spectrum = torch.stft(wave, 16, 4, window=window, return_complex=True)
        plain = torch.stft(wave, 12, center=False, return_complex=True, onesided=False, normalized=True)
        half = torch.fft.rfft(x)
        return (
            window, torch.hann_window(7, periodic=False), torch.hamming_window(8), torch.hamming_window(9, False), torch.blackman_window(8), torch.bartlett_window(9),
            torch.view_as_real(spectrum), spectrum.abs(), spectrum.real, spectrum.imag, torch.view_as_real(plain), torch.istft(spectrum, 16, 4, window=window), torch.istft(spectrum, 16, 4, window=window, length=100),
            torch.view_as_real(torch.fft.fft(x)), torch.view_as_real(torch.fft.fft(x, 8, 1, norm="ortho")), torch.view_as_real(torch.fft.ifft(z)), torch.view_as_real(half), torch.fft.irfft(half), torch.fft.irfft(half, 5), torch.view_as_real(torch.fft.fft2(x)), torch.view_as_real(torch.fft.rfft2(image)), torch.fft.irfft2(torch.fft.rfft2(image)), torch.view_as_real(torch.fft.fftn(x)), torch.view_as_real(torch.fft.ifftn(z, norm="forward")), torch.fft.fftshift(x), torch.fft.ifftshift(x, 1), torch.fft.fftfreq(7), torch.fft.rfftfreq(8, 0.5),
            torch.view_as_real((z * z.conj()).resolve_conj()), (z * z.conj()).real, torch.view_as_real(z + 1), torch.view_as_real(z / (z + 2)), torch.view_as_real(z * 2.5), torch.view_as_real(-z), torch.view_as_real(torch.exp(z)), torch.abs(z), z.angle(), torch.view_as_real(torch.polar(x.abs(), x)), torch.view_as_complex(torch.stack([x, x * 2], -1)).abs(), torch.view_as_real(z.transpose(1, 2)), torch.view_as_real(z[:, 1:]), torch.view_as_real(torch.cat([z, z], 1)), torch.view_as_real(z.reshape(4, -1)), torch.view_as_real(z @ z.mT), torch.view_as_real(z.sum(1)), torch.view_as_real(z.mean()), torch.view_as_real(x * z), torch.view_as_real(z.to(torch.complex64).conj_physical()), torch.view_as_real(torch.zeros_like(z)), z.is_complex() * x,
        )


class Vision(nn.Module):
    """Operators of detectors, pools with places, and sizes that depend on values."""

    def forward(self, x, ids, image):
        F = nn.functional
        pooled, places = F.max_pool2d(image, 2, return_indices=True)
        line, at = F.max_pool1d(x, 2, return_indices=True)
        return (
            pooled, places, F.max_unpool2d(pooled, places, 2, output_size=(7, 8)), F.max_unpool2d(pooled, places, 2), line, at, F.max_unpool1d(line, at, 2, output_size=(5,)), F.max_pool2d(image, 3, 2, 1, return_indices=True)[1], F.adaptive_max_pool2d(image, (3, 2), return_indices=True)[1], F.adaptive_max_pool1d(x, 2, return_indices=True)[1], F.max_pool3d(image[:, None], 2, return_indices=True)[1],
            F.interpolate(image, size=(3, 5), mode="bilinear", antialias=True), F.interpolate(image, size=(10, 4), mode="bicubic", antialias=True), F.interpolate(image, scale_factor=0.5, mode="bilinear", antialias=True, align_corners=False), F.interpolate(image, scale_factor=0.6, mode="area"), F.interpolate(image, size=(3, 4), mode="nearest-exact"), F.grid_sample(image, F.affine_grid(image[:, 0, :2, :3] * 2, [4, 2, 3, 4], align_corners=False), mode="bicubic", padding_mode="reflection", align_corners=False), F.grid_sample(image[:, :, None], image[:, 0, :6, :6].reshape(4, 2, 3, 2, 3), align_corners=True),
            F.batch_norm(image, None, None, training=True), F.batch_norm(image, None, None, image[0, :, 0, 0], image[0, :, 0, 1], training=True, eps=0.1), F.instance_norm(image, weight=image[0, :, 0, 0]),
            torch.scatter_reduce(torch.zeros(4, 7), 1, ids, x.flatten(1)[:, :6], "mean"), torch.scatter_reduce(torch.ones(4, 7), 1, ids, x.flatten(1)[:, :6], "mean", include_self=False), torch.scatter_reduce(torch.ones(4, 7), 1, ids, x.flatten(1)[:, :6], "prod"), torch.div(x, 0.3, rounding_mode="trunc"), torch.index_put(x, (torch.tensor([0, 1, 0]), torch.tensor([1, 1, 1])), x[:3, 0], accumulate=True),
        )


class Detector(nn.Module):
    """Boxes, which torchvision selects and aligns."""

    def forward(self, x, ids, image):
        import torchvision

        corner = x.reshape(20, 3)[:, :2] * 3 + 3
        size = x.reshape(20, 3)[:, 1:].abs() * 3 + 0.5
        boxes = torch.cat([corner, corner + size], 1)
        score = x.reshape(20, 3)[:, 2]
        keep = torchvision.ops.nms(boxes, score, 0.3)
        batched = torch.cat([ids.flatten()[:20, None].float() % 4, boxes], 1)
        return (
            keep, boxes[keep], torchvision.ops.batched_nms(boxes, score, ids.flatten()[:20], 0.4), torchvision.ops.roi_align(image, batched, (2, 3), 1.0, 2), torchvision.ops.roi_align(image, batched, 2, 0.5, -1, aligned=True), torchvision.ops.roi_pool(image, batched, 2, 0.7), torchvision.ops.ps_roi_align(image, batched, (1, 2), 1.0, 2), torchvision.ops.box_iou(boxes[:3], boxes[3:7]),
        )


class Joins(nn.Module):
    """Slices that are joined by index, and fractional pools."""

    def forward(self, x, ids, image):
        F = nn.functional
        at = torch.tensor([0, 2, 2, 0])
        draws = (image[:, :, 0, :3].abs() * 7) % 1
        wide = image[:, :, None].expand(4, 2, 4, 7, 8) * torch.arange(1, 5)[:, None, None]
        out = [torch.index_reduce(x[:, :, 0], 0, at, x[:, :, 1], kind, include_self=own) for kind in ("prod", "mean", "amax", "amin") for own in (True, False)]
        out += [torch.index_reduce(ids, 1, at, ids[:, 2:], "mean"), torch.index_reduce(ids, 1, at, ids[:, 2:], "amax", include_self=False)]
        out += F.fractional_max_pool2d(image, 2, output_size=(4, 5), return_indices=True, _random_samples=draws[..., :2])
        out += [F.fractional_max_pool2d(image, (3, 2), output_ratio=(0.5, 0.7), _random_samples=draws[..., :2])]
        out += F.fractional_max_pool3d(wide, 2, output_size=(2, 4, 3), return_indices=True, _random_samples=draws)
        return tuple(out)


class Dynamic(nn.Module):
    """Results whose sizes depend on values."""

    def forward(self, x, ids, image):
        mask = x > 0.2
        rows, cols = torch.where(mask[0])
        values, inverse, counts = torch.unique(ids, return_inverse=True, return_counts=True)
        return (
            torch.nonzero(mask), torch.argwhere(x > 0.5), rows, cols, x[mask], torch.masked_select(x, mask), torch.bincount(ids.flatten()), torch.bincount(ids.flatten(), minlength=12), torch.bincount(ids[0], weights=x[0].flatten()[:6], minlength=9), values, inverse, counts, torch.unique(x.round()), torch.unique_consecutive(ids.flatten()), torch.unique(ids, dim=0), torch.repeat_interleave(x[0], ids[0, :3], 0), torch.nonzero(ids[0] > 2).squeeze(1),
        )


class Control(nn.Module):
    """Graphs that run by values, and inputs of 16 bits."""

    def forward(self, x, half):
        def grow(y, n):
            return torch.cond(y.sum() > 4, lambda y, n: (y.sin(), n + 1), lambda y, n: (y * 2, n * 2), (y, n))

        a = torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x.cos(), (x,))
        b = torch.cond(x.sum() > -1e9, lambda x: torch.cond(x.max() > 2, lambda x: x * 3, lambda x: x - 2, (x,)), lambda x: x.clone(), (x,))
        n, y = torch._higher_order_ops.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, y * 1.5 + x), (torch.tensor(0), x))
        none, same = torch._higher_order_ops.while_loop(lambda i, y: i < 0, lambda i, y: (i + 1, y * 2), (torch.tensor(0), x))
        both, count = grow(x.abs(), torch.tensor(3))
        return a, b, n, y, none, same, both, count, (half * 2).float(), half.float().sum(), half.to(torch.float64)


class Draws(nn.Module):
    """Random numbers."""

    def forward(self, x):
        return (
            torch.rand(100, 50), torch.rand_like(x), torch.randn(100, 50), torch.randn_like(x), torch.randint(2, 7, (5000,)), torch.randint(7, (5000,)), torch.bernoulli(torch.full((5000,), 0.3)), torch.normal(2.0, 0.5, (5000,)),
            torch.normal(torch.full((5000,), -1.0), torch.full((5000,), 2.0)), torch.multinomial(torch.tensor([1.0, 0.0, 3.0]), 5000, True), torch.randperm(50), torch.empty(5000).uniform_(2, 4), torch.empty(5000).exponential_(2), torch.empty(5000).normal_(3, 0.5), torch.empty(5000).bernoulli_(0.7), torch.rand(10), torch.rand(10),
        )
