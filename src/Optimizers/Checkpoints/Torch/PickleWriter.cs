using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Writes pickles of protocol 2: what <see cref="PickleReader"/> reads, with tensors as <c>torch.save</c> writes them.</summary>
internal sealed class PickleWriter
{
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly MemoryStream _stream;
    private readonly Dictionary<object, string> _keys = new(ReferenceEqualityComparer.Instance);
    private readonly List<TensorBytes> _tensors = [];

    private PickleWriter(MemoryStream stream) => _stream = stream;

    /// <summary>A value as a pickle.</summary>
    /// <param name="root">Null, flags, numbers, texts, lists, arrays (tuples), dictionaries and tensors.</param>
    /// <exception cref="ArgumentException">A text is not valid Unicode.</exception>
    /// <returns>The pickle, and the bytes of the storages 0, 1, …; a tensor that is there twice is stored once.</returns>
    public static (byte[] Pickle, IReadOnlyList<TensorBytes> Storages) Write(object? root)
    {
        using var stream = new MemoryStream();
        var writer = new PickleWriter(stream);
        stream.Write([PickleReader.Protocol, 2]);
        writer.Value(root);
        writer.Opcode('.');
        return (stream.ToArray(), writer._tensors);
    }

    private void Value(object? value)
    {
        switch (value)
        {
            case null: Opcode('N'); break;
            case bool flag: _stream.WriteByte(flag ? (byte)0x88 : (byte)0x89); break;
            case long number: Integer(number); break;
            case double number: Number(number); break;
            case string text: Text(text); break;
            case object?[] tuple: Sequence(tuple, 't'); break;
            case List<object?> list: Opcode(']'); Sequence(list, 'e'); break;
            case PickleDictionary dictionary: Opcode('}'); Sequence(dictionary.SelectMany(pair => (object?[])[pair.Key, pair.Value]), 'u'); break;
            case PickleCounter counter: Counter(counter); break;
            case StateTensor tensor: Tensor(tensor, TorchElement.Of(tensor.ElementType), tensor.Shape, tensor.Bytes); break;
            case ModelBuffer buffer: Tensor(buffer, TorchElement.Named(buffer.Type), buffer.Shape, new TensorBytes.OnHost(buffer.Bytes)); break;
            default: throw new ArgumentException($"A pickle must hold data. Actual type was {value.GetType().Name}.", nameof(value));
        }
    }

    /// <summary><c>torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks)</c>.</summary>
    private void Tensor(object tensor, TorchElement element, IReadOnlyList<long> shape, TensorBytes bytes)
    {
        if (!_keys.TryGetValue(tensor, out var key))
        {
            _keys.Add(tensor, key = $"{_tensors.Count}");
            _tensors.Add(bytes);
        }
        var strides = new object?[shape.Count];
        for (var (i, stride) = (strides.Length - 1, 1L); i >= 0; stride *= Math.Max(1, shape[i--]))
            strides[i] = stride;

        Global("torch._utils", "_rebuild_tensor_v2");
        Opcode('(');
        Opcode('(');
        Text("storage");
        Global("torch", element.Storage);
        Text(key);
        Text("cpu");
        Integer(bytes.Length / element.Size);
        Opcode('t');
        Opcode('Q');
        Integer(0);
        Value(shape.Select(extent => (object?)extent).ToArray());
        Value(strides);
        Value(false);
        Global("collections", "OrderedDict");
        Opcode(')');
        Opcode('R');
        Opcode('t');
        Opcode('R');
    }

    /// <summary>Its class, called with a dictionary.</summary>
    private void Counter(PickleCounter counter)
    {
        Global("collections", "Counter");
        Value((object?[])[counter.Counts]);
        Opcode('R');
    }

    private void Sequence(IEnumerable<object?> items, char end)
    {
        Opcode('(');
        foreach (var item in items)
            Value(item);
        Opcode(end);
    }

    private void Global(string module, string name)
    {
        Opcode('c');
        _stream.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Integer(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        if (number is >= 0 and <= byte.MaxValue)
        {
            Opcode('K');
            _stream.WriteByte((byte)number);
        }
        else if (number is >= int.MinValue and <= int.MaxValue)
        {
            Opcode('J');
            BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)number);
            _stream.Write(bytes);
        }
        else
        {
            var digits = new BigInteger(number).ToByteArray();
            _stream.Write([0x8a, (byte)digits.Length, .. digits]);
        }
    }

    private void Number(double number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
        Opcode('G');
        _stream.Write(bytes);
    }

    private void Text(string text)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        var bytes = _utf8.GetBytes(text);
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        Opcode('X');
        _stream.Write(length);
        _stream.Write(bytes);
    }

    private void Opcode(char code) => _stream.WriteByte((byte)code);
}
