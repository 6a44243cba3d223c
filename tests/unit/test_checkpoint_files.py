import numpy as np
import pytest

from antiphon.checkpoint import load_arrays, load_json, save_arrays, save_json
from antiphon.errors import BadData

ARRAYS = {
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "transposed": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    "number": np.array(3.5, dtype=np.float32),
    "nothing": np.zeros((0, 4), dtype=np.float32),
}


def test_arrays_come_back_as_they_were(tmp_path):
    save_arrays(tmp_path / "a.safetensors", ARRAYS)
    found = load_arrays(tmp_path / "a.safetensors")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tolist() == array.tolist()


def test_same_arrays_are_same_bytes_in_any_order(tmp_path):
    save_arrays(tmp_path / "a", ARRAYS)
    save_arrays(tmp_path / "b", dict(reversed(ARRAYS.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_damaged_checkpoint_is_named(tmp_path, share):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadData, match=r"a\.safetensors: cannot be read"):
        load_arrays(path)


def test_a_pickle_is_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(BadData, match="safetensors"):
        load_arrays(tmp_path / "a.npy")


def test_a_missing_checkpoint_is_named(tmp_path):
    for load in (load_arrays, load_json):
        with pytest.raises(BadData, match="missing"):
            load(tmp_path / "missing")


def test_json_comes_back_as_it_was(tmp_path):
    value = {"b": [1, 2.5, None, True], "a": {"name": "été 音"}}
    save_json(tmp_path / "a.json", value)
    assert load_json(tmp_path / "a.json") == value
    save_json(tmp_path / "b.json", dict(reversed(value.items())))
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_what_is_no_json_is_named(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(BadData, match=r"a\.json: not (JSON|UTF-8 text)"):
        load_json(tmp_path / "a.json")


def test_what_is_no_number_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        save_json(tmp_path / "a.json", float("nan"))
    assert list(tmp_path.iterdir()) == []
