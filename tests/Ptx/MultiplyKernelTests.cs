using System.Runtime.InteropServices;
using System.Text.Json;
using GpuOptim.Host;
using GpuOptim.Kernels;
using GpuOptim.Kernels.Simd.Matrix;
using GpuOptim.Tests.Support;

namespace GpuOptim.Tests.Ptx;

/// <summary>The plain matrix product of the GPU, executed on the CPU from its committed PTX: the bits of the <see cref="SimdDevice"/>.</summary>
public sealed class MultiplyKernelTests
{
    private const int Count = 2;

    private static readonly (int Rows, int Columns)[] _shapes = [(1, 1), (3, 5), (5, 3), (16, 16), (17, 33), (33, 17), (4, 511), (3, 513), (2, 1025), (1030, 2)];

    private SimdDevice _device = null!;

    [SetUp]
    public void Open() => _device = new SimdDevice();

    [TearDown]
    public void Close() => _device.Dispose();

    /// <summary>X Xᵀ, of wide matrices and of tall ones by index.</summary>
    [Test]
    public void SymmetricProduct([ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values(ElementType.BFloat16, ElementType.Float32)] ElementType type)
    {
        using var x = Numbers(type, shape.Rows, shape.Columns, 1);
        var order = Math.Min(shape.Rows, shape.Columns);
        using var expected = _device.CreateBuffer(type, Count * order * order);
        Ops(type).SymmetricProduct(new(x.Address, type, Count, shape.Rows, shape.Columns), -0.5f, new(expected.Address, type, Count, order, order));

        var (row, depth) = shape.Rows > shape.Columns ? (1, shape.Columns) : (shape.Columns, 1);
        Verify(type, x, x, null, expected, new Product(row, depth, depth, row, order, order, Math.Max(shape.Rows, shape.Columns), -0.5f, 0));
    }

    /// <summary>a X + B X, for wide matrices.</summary>
    [Test]
    public void MultiplyAdd([ValueSource(nameof(_shapes))] (int Rows, int Columns) shape, [Values(ElementType.BFloat16, ElementType.Float32)] ElementType type)
    {
        var (rows, columns) = (Math.Min(shape.Rows, shape.Columns), Math.Max(shape.Rows, shape.Columns));
        using var a = Numbers(type, rows, rows, 2);
        using var b = _device.CreateBuffer(type, Count * rows * rows);
        using var x = Numbers(type, rows, columns, 3);
        using var expected = _device.CreateBuffer(type, Count * rows * columns);
        // B must be symmetric, as it is in Newton-Schulz.
        Ops(type).SymmetricProduct(new(a.Address, type, Count, rows, rows), 1, new(b.Address, type, Count, rows, rows));
        Ops(type).MultiplyAdd(new(b.Address, type, Count, rows, rows), new(x.Address, type, Count, rows, columns), 3.4445f, new(expected.Address, type, Count, rows, columns));

        Verify(type, b, x, x, expected, new Product(rows, 1, columns, 1, rows, columns, rows, 1, 3.4445f));
    }

    private static byte[] Bytes(DeviceBuffer? buffer)
    {
        var bytes = new byte[buffer?.SizeInBytes ?? 0];
        buffer?.CopyBytesTo(bytes);
        return bytes;
    }

    private static void Verify(ElementType type, DeviceBuffer left, DeviceBuffer right, DeviceBuffer? addend, DeviceBuffer expected, Product product)
    {
        var folder = Directory.CreateTempSubdirectory("gpuoptim-ptx-");
        try
        {
            string At(string name) => Path.Combine(folder.FullName, name);
            File.WriteAllBytes(At("input"), [.. Bytes(left), .. Bytes(right), .. Bytes(addend)]);
            File.WriteAllText(At("job.json"), JsonSerializer.Serialize(new
            {
                ptx = new CommittedKernel($"Multiply.{type}").Path,
                input = At("input"),
                output = At("output"),
                elementSize = type.Size(),
                leftLength = left.Length,
                rightLength = right.Length,
                count = Count,
                leftRowStride = product.LeftRow,
                leftDepthStride = product.LeftDepth,
                rightDepthStride = product.RightDepth,
                rightColumnStride = product.RightColumn,
                rows = product.Rows,
                columns = product.Columns,
                depth = product.Depth,
                alpha = product.Alpha,
                beta = product.Beta,
            }));
            var counters = JsonSerializer.Deserialize<Counters>(Simulator.Run("simulate_multiply.py", At("job.json")), JsonSerializerOptions.Web)!;
            Assert.That((counters.Races, counters.Warnings.Length), Is.EqualTo((0, 0)), string.Join('\n', counters.Warnings));
            if (type == ElementType.Float32)
                Bits.AreEqual<float>(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(At("output"))), MemoryMarshal.Cast<byte, float>(Bytes(expected)), "element");
            else
                Bits.AreEqual<BFloat16>(MemoryMarshal.Cast<byte, BFloat16>(File.ReadAllBytes(At("output"))), MemoryMarshal.Cast<byte, BFloat16>(Bytes(expected)), "element");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private IMatrixOps Ops(ElementType type) => MatrixKernels.Create(_device.Workers, _device.VectorBits, type);

    private DeviceBuffer Numbers(ElementType type, int rows, int columns, int seed)
    {
        float[] numbers = [.. ReferenceMatrix.Flatten(ReferenceMatrix.Random(Count * rows, columns, seed)).Select(value => (float)value)];
        return type == ElementType.Float32 ? _device.CreateBuffer<float>(numbers) : _device.CreateBuffer<BFloat16>([.. numbers.Select(value => (BFloat16)value)]);
    }

    private sealed record Product(int LeftRow, int LeftDepth, int RightDepth, int RightColumn, int Rows, int Columns, int Depth, float Alpha, float Beta);

    private sealed record Counters(int Races, string[] Warnings);
}
