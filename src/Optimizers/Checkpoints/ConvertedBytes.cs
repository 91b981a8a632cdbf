using System.Runtime.InteropServices;

namespace GpuOptim.Optimizers.Checkpoints;

/// <summary>Numbers of one type of float as those of another, each rounded to the nearest.</summary>
/// <param name="source">The numbers.</param>
/// <param name="from">The name of their type.</param>
/// <param name="to">The type that they become.</param>
internal sealed class ConvertedBytes(TensorBytes source, string from, ElementType to) : TensorBytes
{
    private const string Double = "Float64";

    /// <summary>Numbers that are looked at at a time: who asks may ask for a gigabyte.</summary>
    private const int StretchLength = 1 << 16;

    public override long Length => source.Length / Size(from) * to.Size();

    /// <summary>Whether numbers of a type can be converted.</summary>
    public static bool Takes(string type) => type == Double || (Enum.TryParse<ElementType>(type, out var element) && element.IsFloat());

    public override void Read(long offset, Span<byte> destination)
    {
        var (count, first) = (destination.Length / to.Size(), offset / to.Size());
        var bytes = new byte[Math.Min(count, StretchLength) * Size(from)];
        for (var start = 0; start < count; start += StretchLength)
        {
            var length = Math.Min(StretchLength, count - start);
            source.Read((first + start) * Size(from), bytes.AsSpan(0, length * Size(from)));
            for (var i = 0; i < length; i++)
                Write(start + i, Number(bytes, i), destination);
        }
    }

    private static int Size(string type) => type == Double ? sizeof(double) : Enum.Parse<ElementType>(type).Size();

    /// <summary>A number as a float, by way of which PyTorch goes, too, from double to 16 bits.</summary>
    private float Number(byte[] bytes, int index) => from switch
    {
        Double => (float)MemoryMarshal.Cast<byte, double>(bytes)[index],
        nameof(ElementType.BFloat16) => MemoryMarshal.Cast<byte, BFloat16>(bytes)[index],
        nameof(ElementType.Float16) => (float)MemoryMarshal.Cast<byte, Half>(bytes)[index],
        _ => MemoryMarshal.Cast<byte, float>(bytes)[index],
    };

    private void Write(int index, float number, Span<byte> destination)
    {
        switch (to)
        {
            case ElementType.BFloat16: MemoryMarshal.Cast<byte, BFloat16>(destination)[index] = (BFloat16)number; break;
            case ElementType.Float16: MemoryMarshal.Cast<byte, Half>(destination)[index] = (Half)number; break;
            default: MemoryMarshal.Cast<byte, float>(destination)[index] = number; break;
        }
    }
}
