using BenchmarkDotNet.Attributes;
using GpuOptim.Optimizers;
using GpuOptim.Optimizers.Checkpoints;
using GpuOptim.Optimizers.Checkpoints.Torch;

namespace GpuOptim.Microbenchmarks;

/// <summary>What checkpoints are written in, in memory: headers of <c>.safetensors</c> files, and pickles, of tensors with 16 numbers.</summary>
[MemoryDiagnoser]
public class Encodings
{
    private const string Kind = "kind";

    private readonly byte[] _file = new byte[1 << 17];
    private readonly Transfer _transfer = new();
    private Dictionary<string, StateTensor> _tensors = null!;
    private PickleDictionary _values = null!;
    private byte[] _pickle = null!;
    private int _length;

    /// <summary>How many tensors there are.</summary>
    [Params(1, 100)]
    public int Tensors { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        float[] numbers = [.. Enumerable.Range(1, 16).Select(number => number / 16f)];
        _tensors = Enumerable.Range(0, Tensors).ToDictionary(i => $"blocks.{i}.weight", _ => StateTensor.Create<float>([4, 4], numbers));
        _values = [];
        foreach (var (name, tensor) in _tensors)
            _values.Add(name, tensor);
        _pickle = PickleWriter.Write(_values).Pickle;
        _length = WriteSafetensors();
        using (var file = Open())
        {
            if (file.Entries.Count != Tensors || file.Entries.Any(pair => !file.Tensor(pair.Value).Shape.SequenceEqual([4, 4])))
                throw new InvalidOperationException("A .safetensors file must be read as it was written.");
        }
        if (ReadPickle() is not PickleDictionary read || !read.Keys.SequenceEqual(_values.Keys) || read.Values.Any(value => value is not TorchTensor))
            throw new InvalidOperationException("A pickle must be read as it was written.");
    }

    /// <summary>A whole file, with digests.</summary>
    [Benchmark]
    public int WriteSafetensors()
    {
        using var stream = new MemoryStream(_file);
        SafetensorsWriter.Write(stream, _tensors, _ => [(Kind, "state")], "digest", _transfer);
        return (int)stream.Position;
    }

    /// <summary>The header, whole, and what it says checked.</summary>
    [Benchmark]
    public int OpenSafetensors()
    {
        using var file = Open();
        return file.Entries.Count;
    }

    /// <summary>The pickle of a state dictionary, as <c>torch.save</c> writes it.</summary>
    [Benchmark]
    public int WritePickle() => PickleWriter.Write(_values).Pickle.Length;

    /// <summary>Back.</summary>
    [Benchmark]
    public object? ReadPickle()
    {
        using var stream = new MemoryStream(_pickle);
        return new PickleReader(stream, stream.Length, new()).Read();
    }

    private SafetensorsFile Open() => SafetensorsFile.Open(ByteSource.Of(new MemoryStream(_file, 0, _length), Kind));
}
