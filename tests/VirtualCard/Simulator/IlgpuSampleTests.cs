using System.Runtime.InteropServices;
using GpuOptim.Tests.Support;
using VirtualCard.Execution;

namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>
/// Kernels that ILGPU compiled give what its CPU accelerator gave: reductions, scans, shuffles, atomics, integers of every width, switches, loops, functions,
/// structs. <c>Samples/Ilgpu/Kernels.cs.txt</c> shows them.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class IlgpuSampleTests
{
    private static readonly string[] _kernels =
    [
        "Atomics", "BarrierPop", "Calls", "Doubles", "DynShared", "GroupReduce", "GroupScan", "HalfK", "Implicit", "Ints", "LocalArr", "MathF32", "Predicates",
        "SmallInts", "Structs", "Switch", "WarpOps",
    ];

    private readonly SafetensorsFile _results = new(Sample.PathOf("Ilgpu/results.safetensors"));

    [Test]
    public void GivesWhatTheCpuGives([ValueSource(nameof(_kernels))] string name, [Values(null, 1)] int? seed)
    {
        string[] buffers = name switch
        {
            "Atomics" => ["x", "hi", "hf", "hd", "hl", "hu"],
            "SmallInts" or "Ints" => ["a", "b", "c", "d", "y"],
            "HalfK" => ["x", "y", "z"],
            "Implicit" => ["a"],
            _ => ["x", "y"],
        };
        using var card = new Card();
        var arrays = buffers.Select(buffer => card.Allocate(_results.Values<byte>($"{name}.{buffer}.in"), buffer)).ToArray();
        object[] arguments = [.. arrays.Zip(buffers, (array, buffer) => array.View(_results.Shape($"{name}.{buffer}.in")[0]))];
        (Dim3 grid, Dim3 block) = (2, 128);
        if (name == "Structs")
            arguments = [arrays[0].View(256), arrays[1].View(256), _results.Values<byte>("Structs.p"), 1, 200, 0.5];
        else if (name == "Implicit")
            // The launch's extent; pointer, length, extent and stride of a view; a number.
            (arguments, grid, block) = ([Bytes(10, 12), (byte[])[.. arrays[0].View(120), .. Bytes(10L, 12L, 10L)], 1.5f], new(1, 2), new(16, 8));
        var statistics = card.Launch(
            Sample.Read($"Ilgpu/{name}"), grid, block, arguments, request => request with { DynamicSharedBytes = name == "DynShared" ? 512 : 0, ChecksRaces = true, Seed = seed });
        Assert.That((statistics.Races.Count, statistics.UninitializedShared.Count), Is.EqualTo((0, 0)));

        foreach (var (buffer, array) in buffers.Zip(arrays))
        {
            var result = $"{name}.{buffer}.out";
            if (_results.Contains(result))
                AssertSame(result, array.Read(), _results.Values<byte>(result));
        }
    }

    [Test]
    public void AllAreHere() =>
        Assert.That(Directory.EnumerateFiles(Sample.PathOf("Ilgpu"), "*.ptx").Select(Path.GetFileNameWithoutExtension), Is.EquivalentTo(_kernels));

    private void AssertSame(string name, byte[] actual, byte[] expected)
    {
        switch (name)
        {
            case "MathF32.y.out":
                var values = MemoryMarshal.Cast<byte, float>(expected).ToArray();
                Assert.That(
                    MemoryMarshal.Cast<byte, float>(actual).ToArray().Zip(values, (a, b) => Math.Abs(a - b) <= 1e-7f + 1e-6f * Math.Abs(b)),
                    Is.All.True);
                break;
            case "HalfK.y.out":
                // The CPU accelerator computes in float; PTX has instructions for halves.
                var (x, y) = (_results.Values<Half>("HalfK.x.in"), _results.Values<Half>("HalfK.y.in"));
                Assert.That(MemoryMarshal.Cast<byte, Half>(actual).ToArray(), Is.EqualTo(x.Zip(y, (a, b) => (Half)((Half)((Half)(a * b) + a) - b))));
                break;
            case "Atomics.hi.out":
                // Which exchange comes last is anybody's guess.
                Assert.That((byte[])[.. actual[..(24 * 4)], .. actual[(32 * 4)..]], Is.EqualTo((byte[])[.. expected[..(24 * 4)], .. expected[(32 * 4)..]]));
                break;
            default:
                Assert.That(actual, Is.EqualTo(expected), name);
                break;
        }
    }

    private static byte[] Bytes<T>(params ReadOnlySpan<T> numbers) where T : unmanaged => MemoryMarshal.AsBytes(numbers).ToArray();
}
