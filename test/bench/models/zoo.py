"""The zoo: builders of common architectures with random weights. Nothing is downloaded.

Each entry of ZOO is (full, small, inputs, small inputs). full and small build the module; an input is a shape, or a
shape and the size of a vocabulary for integers. The small networks are the fixtures of models/testdata/zoo, the full
ones are measured by make bench-models.
"""

import functools

import networks as own
import numpy as np
import timm
import torch
import torchvision.models as tv
import transformers as hf
from timm.models import metaformer, mlp_mixer
from timm.models.mlp_mixer import MlpMixer
from torch import nn
from torchvision.models import efficientnet, mobilenetv3, regnet, resnet, segmentation
from torchvision.models.googlenet import Inception


def fill(shape, seed, vocabulary=0):
    """Returns float32 in [-1, 1), or int64 below vocabulary, as models/testdata/make_fixtures.py does."""
    n = int(np.prod(shape))
    h = (np.arange(1, n + 1, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed * 40503)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(13)
    if vocabulary:
        return (h % np.uint64(vocabulary)).astype(np.int64).reshape(shape)
    return (h.astype(np.float64) / 2**31 - 1).astype(np.float32).reshape(shape)


def paint(model):
    """Sets weights that compress well: a short table that repeats, scaled by powers of two."""
    table = np.round(fill((251,), 5) * 64) / 64
    for i, (name, t) in enumerate(model.state_dict().items()):
        if not t.is_floating_point():
            continue
        values = np.resize(np.roll(table, -i), t.shape)
        if name.endswith("running_var"):
            values = np.abs(values) / 2 + 0.75
        elif t.dim() > 1:
            values = values * 2.0 ** -np.floor(np.log2(max(1, np.prod(t.shape[1:]))) / 2)
        elif name.endswith("weight"):
            values = 1 + values / 4
        else:
            values = values / 8
        with torch.no_grad():
            t.copy_(torch.from_numpy(np.asarray(values, dtype=np.float32)).reshape(t.shape))
    return model


class Pick(nn.Module):
    """Returns one member of what a module returns, by name."""

    def __init__(self, body, name):
        super().__init__()
        self.body, self.name = body, name

    def forward(self, *inputs):
        out = self.body(*inputs)
        return out[self.name] if isinstance(out, dict) else getattr(out, self.name)


class Levels(nn.Module):
    """Returns the levels of a feature pyramid."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return tuple(self.body(x).values())


def picture(size, channels=3, batch=1):
    return [((batch, channels, size, size), 0)]


def tokens(n, vocabulary=100, batch=1):
    return [((batch, n), vocabulary)]


ZOO = {}


def add(name, full, small, inputs, few=None):
    ZOO[name] = (full, small, inputs, few or inputs)


def vision(name, small, size=224, few=64, **options):
    """An architecture of torchvision. small is a function, or the options that make it small."""
    build = getattr(tv, name)
    options = {"weights": None, **options}
    if isinstance(small, dict):
        small = functools.partial(build, **{**options, "num_classes": 10, **small})
    add(name, functools.partial(build, **options), small, picture(size), picture(few))


def timm_model(name, small=None, size=224, few=64, **options):
    full = functools.partial(timm.create_model, name, pretrained=False)
    small = small or functools.partial(timm.create_model, name, pretrained=False, num_classes=10, **options)
    add(name, full, small, picture(size), picture(few))


def language(name, model, config, full, small, inputs, few, output="last_hidden_state", **common):
    def build(options):
        return Pick(getattr(hf, model)(getattr(hf, config)(**common, **options)), output)

    add(name, lambda: build(full), lambda: build(small), inputs, few)


def small_efficientnet():
    conf, last = efficientnet._efficientnet_conf("efficientnet_b0", width_mult=0.2, depth_mult=0.2)
    return efficientnet.EfficientNet(conf, 0.2, last_channel=32, num_classes=10)


def small_fused():
    c = efficientnet
    conf = [c.FusedMBConvConfig(1, 3, 1, 8, 8, 1), c.FusedMBConvConfig(4, 3, 2, 8, 16, 1), c.MBConvConfig(4, 3, 2, 16, 16, 2)]
    return c.EfficientNet(conf, 0.2, last_channel=32, num_classes=10, norm_layer=functools.partial(nn.BatchNorm2d, eps=1e-3))


def small_mobilenet3(arch):
    conf, last = mobilenetv3._mobilenet_v3_conf(arch, width_mult=0.2)
    return mobilenetv3.MobileNetV3(conf, last // 8, num_classes=10)


def small_lraspp():
    return segmentation.lraspp._lraspp_mobilenetv3(_dilated(), 4)


def _dilated():
    conf, last = mobilenetv3._mobilenet_v3_conf("mobilenet_v3_large", width_mult=0.2, dilated=True)
    return mobilenetv3.MobileNetV3(conf, last // 8)


def small_deeplab():
    return segmentation.deeplabv3._deeplabv3_mobilenetv3(_dilated(), 4, None)


def small_regnet(se):
    return regnet.RegNet(regnet.BlockParams.from_init_params(4, 8, 8.0, 2.0, 4, se_ratio=se), num_classes=10, stem_width=8)


def small_vgg():
    return tv.vgg.VGG(tv.vgg.make_layers([8, "M", 16, "M", 16, 16, "M"], True), num_classes=10).features


def small_convnext():
    c = tv.convnext.CNBlockConfig
    return tv.ConvNeXt([c(8, 16, 1), c(16, 24, 2), c(24, None, 1)], num_classes=10)


class Narrow(resnet.ResNet):
    """A ResNet with an eighth of the channels after the first layer."""

    def __init__(self, block, **options):
        super().__init__(block, [1, 1, 1, 1], **options)
        self.fc = nn.Linear(64 * block.expansion, 10)

    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        return super()._make_layer(block, planes // 8, blocks, stride, dilate)


def small_mixer(block, **options):
    return MlpMixer(10, 32, patch_size=8, num_blocks=2, embed_dim=16, block_layer=block, **options)


def pyramid(small):
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    if small:
        body = Narrow(resnet.BasicBlock)
        return Levels(tv.detection.backbone_utils._resnet_fpn_extractor(body, 5))
    return Levels(resnet_fpn_backbone(backbone_name="resnet50", weights=None))


B, N = resnet.BasicBlock, resnet.Bottleneck
vision("alexnet", lambda: tv.AlexNet(10).features[:6], few=96)
vision("vgg11_bn", small_vgg)
vision("resnet18", lambda: Narrow(B))
vision("resnet50", lambda: Narrow(N))
vision("resnext50_32x4d", lambda: Narrow(N, groups=4, width_per_group=32))
vision("densenet121", lambda: tv.DenseNet(4, (2, 3, 2), 8, num_classes=10))
vision("squeezenet1_1", {})
vision("googlenet", lambda: Inception(16, 8, 8, 16, 4, 8, 8), aux_logits=False, init_weights=False)
ZOO["googlenet"] = (*ZOO["googlenet"][:3], picture(17, 16))
vision("inception_v3", lambda: nn.Sequential(tv.inception.InceptionA(24, 8), tv.inception.InceptionC(232, 16), tv.inception.InceptionD(768)), size=299, few=17, aux_logits=False, init_weights=False)
ZOO["inception_v3"] = (*ZOO["inception_v3"][:3], picture(17, 24))
vision("mobilenet_v2", {"width_mult": 0.2})
vision("mobilenet_v3_small", lambda: small_mobilenet3("mobilenet_v3_small"))
vision("mobilenet_v3_large", lambda: small_mobilenet3("mobilenet_v3_large"))
vision("shufflenet_v2_x1_0", lambda: tv.ShuffleNetV2([1, 2, 1], [8, 16, 32, 64, 64], 10))
vision("mnasnet1_0", lambda: tv.MNASNet(0.2, 10))
vision("efficientnet_b0", small_efficientnet)
vision("efficientnet_v2_s", small_fused)
vision("regnet_y_400mf", lambda: small_regnet(0.25))
vision("regnet_x_400mf", lambda: small_regnet(None))
vision("convnext_tiny", small_convnext)
vision("vit_b_16", lambda: tv.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=10), few=32)
vision("swin_t", lambda: tv.SwinTransformer([4, 4], 8, [2, 2], [1, 2], [4, 4], num_classes=10), few=32)
vision("maxvit_t", lambda: tv.MaxVit((64, 64), 8, 4, [8, 16], [1, 1], 4, 0.0, num_classes=10))
for kind, small in (("deeplabv3_mobilenet_v3_large", small_deeplab), ("lraspp_mobilenet_v3_large", small_lraspp)):
    build = getattr(segmentation, kind)
    add(kind, lambda build=build: Pick(build(weights=None, weights_backbone=None), "out"), lambda small=small: Pick(small(), "out"), picture(224), picture(64))
add("fcn_resnet50", lambda: Pick(segmentation.fcn_resnet50(weights=None, weights_backbone=None), "out"),
    lambda: segmentation.fcn.FCNHead(32, 4), picture(224), picture(16, 32))
add("deeplabv3_resnet50", lambda: Pick(segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None), "out"),
    lambda: segmentation.deeplabv3.ASPP(8, [2, 4, 6], 8), picture(224), picture(16, 8))
add("fpn_resnet50", lambda: pyramid(False), lambda: pyramid(True), picture(224), picture(64))
add("r3d_18", lambda: tv.video.r3d_18(weights=None), lambda: tv.video.resnet.BasicBlock(4, 4, tv.video.resnet.Conv3DSimple),
    [((1, 3, 8, 64, 64), 0)], [((1, 4, 4, 8, 8), 0)])

timm_model("deit_tiny_patch16_224", few=32, img_size=32, patch_size=8, embed_dim=16, depth=2, num_heads=2)
timm_model("resmlp_12_224", lambda: small_mixer(mlp_mixer.ResBlock, mlp_ratio=4, norm_layer=mlp_mixer.Affine), few=32)
timm_model("mixer_s32_224", lambda: small_mixer(mlp_mixer.MixerBlock), few=32)
timm_model("gmlp_s16_224", lambda: small_mixer(mlp_mixer.SpatialGatingBlock, mlp_ratio=4, mlp_layer=timm.layers.GatedMlp), few=32)
timm_model("ghostnet_100", lambda: timm.models.ghostnet.GhostNet([[[3, 16, 16, 0, 1]], [[3, 48, 24, 0, 2]], [[5, 72, 40, 0.25, 2]]], 10, 0.5))
timm_model("mobilevit_xxs", size=256)
timm_model("edgenext_xx_small", size=256)
timm_model("repvgg_a0", lambda: nn.Sequential(nn.Conv2d(3, 8, 3, 2), *(timm.models.byobnet.RepVggBlock(8, 8) for _ in range(2))))
timm_model("lcnet_100", functools.partial(timm.create_model, "lcnet_035", num_classes=10))
timm_model("poolformer_s12", lambda: metaformer.MetaFormer(
    num_classes=10, depths=(1, 1), dims=(8, 16), token_mixers=metaformer.Pooling, norm_layers=metaformer.GroupNorm1, layer_scale_init_values=1e-1,
    res_scale_init_values=None, use_mlp_head=False))
timm_model("dla46_c")
timm_model("efficientvit_b0")

wide = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 1024}
thin = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
words = {"vocab_size": 100, "max_position_embeddings": 130}
for name in ("Bert", "Roberta", "Electra"):
    extra = {"embedding_size": 32} if name == "Electra" else {}
    language(name.lower(), name + "Model", name + "Config", wide, thin, tokens(128), tokens(12), **words, **extra)
language("albert", "AlbertModel", "AlbertConfig", {**wide, "embedding_size": 64}, {**thin, "embedding_size": 8}, tokens(128), tokens(12), **words)
language("distilbert", "DistilBertModel", "DistilBertConfig", {"dim": 256, "n_layers": 3, "n_heads": 4, "hidden_dim": 1024},
         {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}, tokens(128), tokens(12), **words)
language("gpt2", "GPT2LMHeadModel", "GPT2Config", {"n_embd": 256, "n_layer": 4, "n_head": 4}, {"n_embd": 16, "n_layer": 2, "n_head": 2},
         tokens(128), tokens(12), output="logits", vocab_size=100, n_positions=130, use_cache=False)
language("llama", "LlamaForCausalLM", "LlamaConfig", {**wide, "num_key_value_heads": 2}, {**thin, "num_key_value_heads": 1},
         tokens(128), tokens(12), output="logits", use_cache=False, **words)
language("t5_encoder", "T5EncoderModel", "T5Config", {"d_model": 256, "d_kv": 64, "d_ff": 1024, "num_layers": 4, "num_heads": 4},
         {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}, tokens(128), tokens(12), vocab_size=100, use_cache=False)
language("vit", "ViTModel", "ViTConfig", {**wide, "image_size": 224, "patch_size": 16}, {**thin, "image_size": 32, "patch_size": 8}, picture(224), picture(32))

add("mlp", lambda: own.mlp(30, 64, 32, 1), lambda: own.mlp(30, 16, 8, 1), [((64, 30), 0)])
add("mlp_wide", lambda: own.mlp(256, 1024, 1024, 256, 10, act=nn.GELU, norm=True), lambda: own.mlp(16, 24, 24, 10, act=nn.GELU, norm=True), [((64, 256), 0)], [((4, 16), 0)])
add("recommender", lambda: own.Recommender(16), lambda: own.Recommender(4), [((64, 13), 0), ((64, 8), 1000)], [((4, 13), 0), ((4, 8), 1000)])
add("lstm", lambda: own.Recurrent(nn.LSTM, 128, 2), lambda: own.Recurrent(nn.LSTM, 8, 2), tokens(64, batch=8), tokens(6, batch=2))
add("bilstm_tagger", lambda: own.Recurrent(nn.LSTM, 128, 1, True, True), lambda: own.Recurrent(nn.LSTM, 8, 1, True, True), tokens(64, batch=4), tokens(6, batch=2))
add("gru_forecast", lambda: own.Forecaster(128), lambda: own.Forecaster(8), [((16, 48, 8), 0)], [((2, 5, 8), 0)])
add("unet", lambda: own.UNet(32), lambda: own.UNet(4, 3), picture(128), picture(32))
add("unet_bilinear", lambda: own.UNet(16, bilinear=True), lambda: own.UNet(4, 3, True), picture(128), picture(32))
add("autoencoder", lambda: own.Autoencoder(16), lambda: own.Autoencoder(2), picture(28, 1, 16), picture(28, 1, 2))
add("vae", lambda: own.VAE(400), lambda: own.VAE(8), picture(28, 1, 32), picture(28, 1, 2))
add("tcn", lambda: own.TCN(64, 6), lambda: own.TCN(6, 3), [((8, 4, 256), 0)], [((2, 4, 24), 0)])
add("wavenet", lambda: own.WaveNet(32, 8), lambda: own.WaveNet(4, 3), [((1, 1, 4000), 0)], [((1, 1, 60), 0)])
add("m5_audio", lambda: own.Audio(64), lambda: own.Audio(4), [((4, 1, 8000), 0)], [((2, 1, 8000), 0)])
add("transformer", lambda: own.Encoder(256, 4, 4), lambda: own.Encoder(16, 2, 2), tokens(128), tokens(12, batch=2))
add("seq2seq", lambda: own.Seq2Seq(256, 4, 3), lambda: own.Seq2Seq(16, 2, 1), tokens(64) + tokens(48), tokens(8) + tokens(6))
add("dcgan", lambda: own.Generator(64), lambda: own.Generator(2), [((4, 100, 1, 1), 0)], [((2, 100, 1, 1), 0)])
add("super_resolution", lambda: own.SuperResolution(64), lambda: own.SuperResolution(4), picture(128, 1), picture(12, 1))
