"""Small models of the wav2vec 2.0 family with random weights, and the same as fairseq's pre-training writes them."""

import functools
import json
import re

RATE = 16000

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
LARGE_FORM = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
CONVOLUTIONS = "[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8,2,2)] + [(8,2,2)]"


def model_of(family="Wav2Vec2", seed=0, **changes):
    """A model in eval mode whose norms and biases are random too, so that none of them can be left out unnoticed."""
    import torch
    import transformers

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = getattr(transformers, f"{family}Config")(**SMALL | changes)
        model = getattr(transformers, f"{family}Model")(config).eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.ndim == 1:
                    parameter.add_(0.1 * torch.randn_like(parameter))
                elif "conv_layers" in name:
                    parameter.mul_(2)
    return model


def saved(model, place, normalize=True):
    """The model as a transformers directory."""
    model.save_pretrained(place)
    preparation = {"do_normalize": normalize, "sampling_rate": RATE, "feature_size": 1}
    (place / "preprocessor_config.json").write_text(json.dumps(preparation))
    return place


RENAMED = (
    (r"^masked_spec_embed$", "mask_emb"),
    (r"^feature_projection\.layer_norm\.", "layer_norm."),
    (r"^feature_projection\.projection\.", "post_extract_proj."),
    (r"^encoder\.pos_conv_embed\.conv\.parametrizations\.weight\.original0$", "encoder.pos_conv.0.weight_g"),
    (r"^encoder\.pos_conv_embed\.conv\.parametrizations\.weight\.original1$", "encoder.pos_conv.0.weight_v"),
    (r"^encoder\.pos_conv_embed\.conv\.bias$", "encoder.pos_conv.0.bias"),
    (r"^(feature_extractor\.conv_layers\.\d+)\.conv\.", r"\1.0."),
    (r"^(encoder\.layers\.\d+)\.attention\.", r"\1.self_attn."),
    (r"^(encoder\.layers\.\d+)\.layer_norm\.", r"\1.self_attn_layer_norm."),
    (r"^(encoder\.layers\.\d+)\.feed_forward\.intermediate_dense\.", r"\1.fc1."),
    (r"^(encoder\.layers\.\d+)\.feed_forward\.output_dense\.", r"\1.fc2."),
)


def fairseq_tensors(model):
    """The model's tensors as fairseq names them, and those of pre-training beside them."""
    import torch

    norm = "2" if model.config.feat_extract_norm == "group" else "2.1"
    rules = (*RENAMED, (r"^(feature_extractor\.conv_layers\.\d+)\.layer_norm\.", rf"\1.{norm}."))
    tensors = {}
    for old, tensor in model.state_dict().items():
        tensors[functools.reduce(lambda name, rule: re.sub(*rule, name), rules, old)] = tensor
    heads = {"quantizer.vars": (1, 8, 4), "quantizer.weight_proj.weight": (8, 8), "quantizer.weight_proj.bias": (8,)}
    heads |= {"project_q.weight": (8, 8), "project_q.bias": (8,), "final_proj.weight": (8, 16), "final_proj.bias": (8,)}
    return tensors | {name: torch.ones(shape) for name, shape in heads.items()}


def fairseq_settings(config):
    """What fairseq's settings of the model say."""
    return {
        "extractor_mode": "default" if config.feat_extract_norm == "group" else "layer_norm",
        "encoder_layers": config.num_hidden_layers,
        "encoder_embed_dim": config.hidden_size,
        "encoder_ffn_embed_dim": config.intermediate_size,
        "encoder_attention_heads": config.num_attention_heads,
        "activation_fn": "gelu",
        "dropout": 0.1,
        "layer_norm_first": config.do_stable_layer_norm,
        "conv_feature_layers": CONVOLUTIONS,
        "conv_bias": config.conv_bias,
        "conv_pos": config.num_conv_pos_embeddings,
        "conv_pos_groups": config.num_conv_pos_embedding_groups,
        "latent_temp": (2.0, 0.5, 0.999995),
        "quantize_targets": True,
    }


def checkpoint_of(model, form="cfg", normalize=True, **settings):
    """What fairseq's pre-training saves of it: `cfg` since 0.10.1, `args` before."""
    from argparse import Namespace

    said = fairseq_settings(model.config) | settings
    content = {
        "args": None,
        "cfg": None,
        "model": fairseq_tensors(model),
        "criterion": {},
        "optimizer_history": [{"criterion_name": "Wav2vecCriterion", "num_updates": 3, "lr_scheduler_state": {}}],
        "task_state": {},
        "extra_state": {"epoch": 2, "train_iterator": {"epoch": 2, "iterations_in_epoch": 0}},
        "last_optimizer_state": None,
    }
    if form == "args":
        content["args"] = Namespace(arch="wav2vec2", task="audio_pretraining", normalize=normalize, lr=[5e-4], **said)
    else:
        content["cfg"] = {
            "_name": None,
            "common": {"seed": 1},
            "task": {"_name": "audio_pretraining", "normalize": normalize, "sample_rate": RATE},
            "model": {"_name": "wav2vec2", **said},
        }
    return content
