"""Writes what programs keep beside their tensors, in each protocol, and tensors of all types, for PickleRecordingTests: python varied.py FOLDER."""
import argparse, collections, dataclasses, datetime, decimal, enum, fractions, pathlib, pickle, random, sys, uuid
import numpy
import torch


class Color(enum.Enum):
    RED = 1


class Flag(enum.IntFlag):
    A = 1
    B = 2


@dataclasses.dataclass
class Config:
    lr: float = 0.5
    name: str = "run"


class Settings(dict):
    pass


class Slots:
    __slots__ = ("a",)

    def __init__(self):
        self.a = 1


Point = collections.namedtuple("Point", "x y")


def make():
    default = collections.defaultdict(list)
    default["a"].append(1)
    own = [1]
    own.append(own)
    ordered = collections.OrderedDict([("b", 1), ("a", 2)])
    ordered.extra = "attribute"
    slots = Slots()
    return {
        "none": None, "flags": (True, False), "numbers": [0, 255, 256, 65535, 65536, -1, 2**31, -2**31 - 1, 2**62, 2**63 - 1, -2**63],
        "big": [2**63, -2**63 - 1, 10**100], "huge": 1 << 3000, "floats": [0.0, -0.5, 1e300, float("inf")],
        "texts": ["", "a", "\u00e4\u20ac\U0001f600", "x" * 300], "surrogate": "\udc80",
        "bytes": [b"", b"abc", bytes(range(256)), b"z" * 300], "bytearray": bytearray(b"abc"),
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)], "set": {1, 2}, "frozen": frozenset([3]), "empty_set": set(),
        "default": default, "counter": collections.Counter("aab"), "ordered": ordered, "deque": collections.deque([1, 2]),
        "namespace": argparse.Namespace(lr=0.1, items=[1, 2]), "enum": Color.RED, "flag": Flag.A | Flag.B, "config": Config(), "settings": Settings(a=1),
        "slots": slots, "point": Point(1, 2), "path": pathlib.PurePosixPath("/a/b"), "date": datetime.datetime(2020, 1, 2, 3, 4, 5), "zone": datetime.timezone.utc,
        "delta": datetime.timedelta(1), "decimal": decimal.Decimal("1.5"), "fraction": fractions.Fraction(1, 3), "complex": 1 + 2j, "uuid": uuid.UUID(int=5),
        "range": range(3), "slice": slice(1, 2), "ellipsis": ..., "function": print, "class": int, "random": random.Random(1).getstate(),
        "f8": numpy.float64(0.25), "f4": numpy.float32(0.5), "f2": numpy.float16(-1.5), "i8": numpy.int64(-3), "i4": numpy.int32(7), "i1": numpy.int8(-8), "u8": numpy.uint64(2**64 - 1), "u2": numpy.uint16(9),
        "b1": numpy.bool_(True), "big_endian": numpy.array([1.5], dtype=">f8")[0], "longdouble": numpy.longdouble(1), "c16": numpy.complex128(1j),
        "array": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "strings": numpy.array(["a", "bc"]), "objects": numpy.array([None, 1], dtype=object),
        "dtype": numpy.dtype("float32"), "numpy_random": numpy.random.RandomState(1).get_state(), "generator": numpy.random.default_rng(1), "datetime64": numpy.datetime64("2020-01-01"),
        "size": torch.Size([2, 3]), "device": torch.device("cpu"), "torch_dtype": torch.float32,
        "own": own, (1, 2): "tuple key", None: "None key", True: "flag key", 2.5: "float key", Color.RED: "enum key",
    }


def tensors():
    """Tensors of all types and layouts, and what is in the plain ones."""
    plain = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    attributed, parameter = plain + 1, torch.nn.Parameter(plain + 2)
    attributed.tag = parameter.tag = "attribute"
    empty = torch.empty(0)
    saved = {"plain": plain, "transposed": plain.T, "attributed": attributed, "parameter": torch.nn.Parameter(plain + 3), "attributed_parameter": parameter, "empty": empty, "empty_of_other_type": empty.view(torch.int32)}
    for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "uint16", "uint32", "uint64", "complex32", "complex64", "float64", "bool"):
        saved[name] = torch.ones(3).to(getattr(torch, name))
    for name in ("float4_e2m1fn_x2", "bits8", "bits1x8", "bits2x4", "bits4x2"):
        saved[name] = torch.ones(3, dtype=torch.uint8).view(getattr(torch, name))
    saved["bits16"] = torch.ones(3, dtype=torch.int16).view(torch.bits16)
    for name in ("qint8", "quint8", "qint32"):
        saved[name] = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, getattr(torch, name))
    saved["per_channel"] = torch.quantize_per_channel(torch.ones(2, 3), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8)
    saved["quint4x2"] = torch.quantize_per_channel(torch.ones(2, 3), torch.tensor([0.1, 0.2]), torch.tensor([0.0, 0.0]), 0, torch.quint4x2)
    saved["conjugate"] = torch.ones(3, dtype=torch.complex64).conj()
    saved["negative"] = torch.ones(3, dtype=torch.complex64).conj().imag
    saved["sparse"] = torch.eye(2).to_sparse()
    saved["csr"] = torch.eye(2).to_sparse_csr()
    saved["nested"] = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    saved["meta"] = torch.ones(2, device="meta")
    saved["storage"] = torch.ones(2).storage()
    saved["bytes_of_storage"] = torch.ones(2).untyped_storage()
    saved["module"] = torch.nn.Linear(2, 1)
    return saved


if __name__ == "__main__":
    for protocol in range(6):
        value = make()
        if protocol < 2:
            del value["slots"]
        with open(f"{sys.argv[1]}/varied{protocol}.pkl", "wb") as file:
            pickle.dump(value, file, protocol)
    everything = tensors()
    torch.save(everything, f"{sys.argv[1]}/tensors.pt")
    torch.save(everything, f"{sys.argv[1]}/tensors5.pt", pickle_protocol=5)
    del everything["empty_of_other_type"]
    torch.save(everything, f"{sys.argv[1]}/tensors_legacy.pt", _use_new_zipfile_serialization=False)
