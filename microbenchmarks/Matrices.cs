using BenchmarkDotNet.Attributes;
using GpuOptim.Kernels.Lanes;
using GpuOptim.Kernels.Simd.Matrix;

namespace GpuOptim.Microbenchmarks;

/// <summary>The two halves of a matrix product on one thread: matrices are packed into panels, in time for each element, and tiles multiply panels, in time for each multiply-add.</summary>
public unsafe class Matrices : VectorBenchmark
{
    // Whole panels and tiles at every width, and one stretch of inner indices.
    private const int Rows = 96, Depth = 128;

    private float* _floats, _panels, _product;
    private ushort* _bfloats;

    [GlobalSetup]
    public void Setup()
    {
        _floats = Numbers(Rows * Depth, signed: false);
        _bfloats = Allocate<ushort>(Rows * Depth);
        _panels = Allocate<float>(Rows * Depth);
        _product = Allocate<float>(Rows * Rows);
        for (var i = 0; i < Rows * Depth; i++)
            _bfloats[i] = ((BFloat16)_floats[i]).Bits;
        var width = VectorBits switch { 512 => 16, 256 => 24, 128 => 12, _ => 2 };

        PackAlongBFloat16();
        CheckPanels(nameof(PackAlongBFloat16), (row, k) => (BFloat16)_floats[k * Rows + row]);
        PackAcrossBFloat16();
        CheckPanels(nameof(PackAcrossBFloat16), (row, k) => (BFloat16)_floats[row * Depth + k]);
        PackAlongFloat32();
        CheckPanels(nameof(PackAlongFloat32), (row, k) => _floats[k * Rows + row]);
        PackAcrossFloat32();
        CheckPanels(nameof(PackAcrossFloat32), (row, k) => _floats[row * Depth + k]);
        // Of what lies in the panels now.
        Multiply();
        for (var i = 0; i < Rows * Rows; i++)
        {
            var expected = 0.0;
            for (var k = 0; k < Depth; k++)
                expected += (double)_floats[i / Rows * Depth + k] * _floats[i % Rows * Depth + k];
            Check(nameof(Multiply), i, _product[i], expected, tolerance: 1e-5);
        }

        // Pairs of inner indices stand odd before even.
        void CheckPanels(string what, Func<int, int, float> element)
        {
            for (var i = 0; i < Rows * Depth; i++)
                Check(what, i, _panels[i], element(i / (width * Depth) * width + i % width, i / width % Depth ^ 1));
        }
    }

    /// <summary>A panel's rows lie side by side.</summary>
    [Benchmark(OperationsPerInvoke = Rows * Depth)]
    public void PackAlongFloat32() => Pack<Float32Format>(_floats, rowStride: 1, depthStride: Rows);

    /// <summary>The inner index runs along memory.</summary>
    [Benchmark(OperationsPerInvoke = Rows * Depth)]
    public void PackAcrossFloat32() => Pack<Float32Format>(_floats, rowStride: Depth, depthStride: 1);

    /// <inheritdoc cref="PackAlongFloat32"/>
    [Benchmark(OperationsPerInvoke = Rows * Depth)]
    public void PackAlongBFloat16() => Pack<BFloat16Format>(_bfloats, rowStride: 1, depthStride: Rows);

    /// <inheritdoc cref="PackAcrossFloat32"/>
    [Benchmark(OperationsPerInvoke = Rows * Depth)]
    public void PackAcrossBFloat16() => Pack<BFloat16Format>(_bfloats, rowStride: Depth, depthStride: 1);

    /// <summary>A matrix times its transpose.</summary>
    [Benchmark(OperationsPerInvoke = Rows * Rows * Depth)]
    public void Multiply()
    {
        switch (VectorBits)
        {
            case 512: Multiply<MatrixTile16>(); break;
            case 256: Multiply<MatrixTile4<Floats8>>(); break;
            case 128: Multiply<MatrixTile4<Floats4>>(); break;
            default: Multiply<MatrixTile2<Floats1>>(); break;
        }
    }

    private void Pack<TFormat>(void* source, nint rowStride, nint depthStride) where TFormat : IFormat
    {
        switch (VectorBits)
        {
            case 512: Pack<MatrixTile16, Floats16, TFormat>(source, rowStride, depthStride); break;
            case 256: Pack<MatrixTile4<Floats8>, Floats8, TFormat>(source, rowStride, depthStride); break;
            case 128: Pack<MatrixTile4<Floats4>, Floats4, TFormat>(source, rowStride, depthStride); break;
            default: Pack<MatrixTile2<Floats1>, Floats1, TFormat>(source, rowStride, depthStride); break;
        }
    }

    private void Pack<TTile, TFloats, TFormat>(void* source, nint rowStride, nint depthStride)
        where TTile : IMatrixTile
        where TFloats : unmanaged, IFloats<TFloats>
        where TFormat : IFormat
    {
        var job = new PackJob<TTile, TFloats, TFormat>(source, rowStride, depthStride, Rows, Depth, _panels);
        for (var chunk = 0; chunk < job.Chunks; chunk++)
            job.Run(chunk);
    }

    private void Multiply<TTile>() where TTile : IMatrixTile
    {
        var width = TTile.Columns;
        PanelPrefetch nothing = default;
        for (var column = 0; column < Rows; column += width)
        {
            for (var row = 0; row < Rows; row += TTile.Rows)
                TTile.Multiply(_panels + row / width * width * Depth + row % width, _panels + column * Depth, Depth, null, _product + row * Rows + column, Rows, add: false, width, ref nothing);
        }
    }
}
