using System.Buffers.Binary;
using System.IO.Compression;

namespace GpuOptim.Samples.Mnist;

/// <summary>Handwritten digits: images of values in [0, 1], one after the other, and what each shows.</summary>
internal sealed record Digits(float[] Images, byte[] Labels)
{
    public const int Pixels = 28 * 28;

    public const int Classes = 10;

    public int Count => Labels.Length;

    public ReadOnlySpan<float> Image(int index) => Images.AsSpan(index * Pixels, Pixels);

    /// <summary>Reads a pair of IDX files: <c>NAME-images-idx3-ubyte.gz</c> and <c>NAME-labels-idx1-ubyte.gz</c>.</summary>
    public static Digits Load(string folder, string name)
    {
        var images = ReadIdx(Path.Combine(folder, name + "-images-idx3-ubyte.gz"), dimensions: 3);
        var labels = ReadIdx(Path.Combine(folder, name + "-labels-idx1-ubyte.gz"), dimensions: 1);
        if (images.Length != labels.Length * Pixels)
            throw new InvalidDataException($"'{name}' must have an image of {Pixels} bytes for each of {labels.Length} labels. Actual size was {images.Length} bytes.");
        return new([.. images.Select(value => value / 255f)], labels);
    }

    /// <summary>An IDX file: two zero bytes, the type (8: unsigned byte), the number of dimensions, each extent big-endian, the values.</summary>
    private static byte[] ReadIdx(string path, int dimensions)
    {
        using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var header = new byte[4 + 4 * dimensions];
        file.ReadExactly(header);
        if (header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] != dimensions)
            throw new InvalidDataException($"{path} must be an IDX file of bytes in {dimensions} dimensions. Actual magic number was 0x{BinaryPrimitives.ReadUInt32BigEndian(header):x8}.");
        var size = 1;
        for (var i = 0; i < dimensions; i++)
            size = checked(size * BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + 4 * i)));
        var values = new byte[size];
        file.ReadExactly(values);
        return values;
    }
}
