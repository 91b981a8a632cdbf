using System.Runtime.InteropServices;

namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>Launches of kernels: right ones, and whatever is wrong with one.</summary>
public sealed unsafe class LaunchTests : KernelTest
{
    [Test]
    public void AKernelRunsInItsPlace()
    {
        var (store, move) = (Load(StoreText, out var first), Load(MoveText, out var second));
        var stream = Stream();
        var memory = Memory(0, 0);
        Good(Launch(store, stream, memory, 7));
        Good(Launch(move, stream, memory + 4, memory));
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(Read(memory, 2), Is.EqualTo(new uint[] { 7, 7 }));
        Assert.That(Cuda.Counters[1], Is.EqualTo(2), "launches");
        Good(Cuda.StreamDestroy(stream));
        End(memory, first, second);
    }

    [Test]
    public void ParametersAreReadAtTheCall()
    {
        var store = Load(StoreText, out var module);
        var memory = Memory(0);
        var arguments = stackalloc ulong[] { memory, 7 };
        var pointers = stackalloc void*[] { arguments, arguments + 1 };
        Good(Cuda.LaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, 0, pointers, null));
        arguments[1] = 8;
        Assert.That(Read(memory, 1)[0], Is.EqualTo(7));
        End(memory, module);
    }

    [TestCase(11, 1)]
    [TestCase(12, 0)]
    [TestCase(16, 0)]
    [TestCase(20, 701)]
    public void ABlockOfParametersHasTheirSize(int size, int expected)
    {
        var store = Load(StoreText, out var module);
        var memory = Memory(0);
        var arguments = stackalloc ulong[] { memory, 7, 0 };
        var bytes = (nuint)size;
        var extra = stackalloc void*[] { (void*)1, arguments, (void*)2, &bytes, null };
        var result = Cuda.LaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, 0, null, extra);
        if (expected == 0)
        {
            Good(result);
            Assert.That(Read(memory, 1)[0], Is.EqualTo(7));
        }
        else
        {
            Bad(result, expected, "cuLaunchKernel", "takes 12 bytes of parameters", $"{size} are given");
        }
        End(memory, module);
    }

    [Test]
    public void ParametersMustBeThere()
    {
        var store = Load(StoreText, out var module);
        var pointers = stackalloc void*[] { null, null };
        Bad(Cuda.LaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, 0, null, null), InvalidValue, "cuLaunchKernel", "2 parameters");
        Bad(Cuda.LaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, 0, pointers, null), InvalidValue, "cuLaunchKernel", "null", "target");
        Bad(Cuda.LaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, 0, pointers, pointers), InvalidValue, "cuLaunchKernel", "both ways");
        Good(Cuda.ModuleUnload(module));
    }

    [TestCase(0u, 1u, "is 0")]
    [TestCase(1u, 0u, "is 0")]
    [TestCase(0x80000000u, 1u, "at most")]
    [TestCase(1u, 1025u, "at most 1024 threads")]
    public void ExtentsAreThoseOfACard(uint grid, uint block, string words)
    {
        var store = Load(StoreText, out var module);
        Bad(Launch(store, 0, grid, block, 0, 0, 0), InvalidValue, "cuLaunchKernel", words);
        Good(Cuda.ModuleUnload(module));
    }

    [TestCase(".maxntid 64, 1, 1", 65u, "at most 64 threads")]
    [TestCase(".reqntid 64, 1, 1", 32u, "requires blocks of (64, 1, 1)")]
    public void BlocksAreThoseThatTheKernelPromises(string directives, uint block, string words)
    {
        var kernel = Load(Text("", "", directives: directives), out var module);
        Bad(Launch(kernel, 0, 1, block, 0), InvalidValue, "cuLaunchKernel", words);
        Good(Launch(kernel, 0, 1, 64, 0));
        Good(Cuda.ModuleUnload(module));
        NothingReported();
    }

    [Test]
    public void MoreSharedMemoryIsAskedForFirst()
    {
        var kernel = Load(Text("", ".shared .align 4 .b8 some[1024];\nmov.u32 %r1, some;\nst.shared.u32 [%r1], 0;"), out var module);
        const uint Most = 163 << 10;
        Good(Launch(kernel, 0, 1, 32, 47 << 10));
        Bad(Launch(kernel, 0, 1, 32, 48 << 10), InvalidValue, "cuLaunchKernel", "dynamic shared memory", "cuFuncSetAttribute");
        Bad(Cuda.FuncSetAttribute(kernel, 8, (int)Most), InvalidValue, "cuFuncSetAttribute", "dynamic shared memory");
        Good(Cuda.FuncSetAttribute(kernel, 8, (int)Most - 1024));
        Good(Launch(kernel, 0, 1, 32, Most - 1024));
        Bad(Launch(kernel, 0, 1, 32, Most - 1023), InvalidValue, "cuLaunchKernel", "dynamic shared memory");
        Good(Cuda.ModuleUnload(module));
        NothingReported();
    }

    [Test]
    public void ABlockOfManyRegistersIsSmall()
    {
        // A hundred numbers that are all alive at the end.
        var body = string.Concat(Enumerable.Range(0, 100).Select(i => $"ld.global.u32 %x{i}, [%rd1 + {4 * i}];\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"st.global.u32 [%rd1 + {4 * (99 - i)}], %x{i};\n"));
        var kernel = Load(Text(".param .u64 data", $".reg .b32 %x<100>;\nld.param.u64 %rd1, [data];\n{body}"), out var module);
        var memory = Memory(new uint[100]);
        Bad(Launch(kernel, 0, 1, 1024, 0, memory), 701, "cuLaunchKernel", "registers");
        Good(Launch(kernel, 0, 1, 1, 0, memory));
        Good(Cuda.OccupancyMaxPotentialBlockSize(out _, out var block, kernel, null, 0, 0));
        Assert.That(block, Is.InRange(32, 640).And.Matches<int>(size => size % 32 == 0));
        End(memory, module);
    }

    [Test]
    public void OccupancyIsThatOfTheCard()
    {
        var kernel = Load(StoreText, out var module);
        Good(Cuda.OccupancyMaxActiveBlocks(out var blocks, kernel, 256, 0));
        Assert.That(blocks, Is.EqualTo(8));
        Good(Cuda.OccupancyMaxActiveBlocks(out blocks, kernel, 256, 40 << 10));
        Assert.That(blocks, Is.EqualTo(4));
        Good(Cuda.OccupancyMaxActiveBlocks(out blocks, kernel, 256, 100 << 10));
        Assert.That(blocks, Is.Zero);
        Good(Cuda.OccupancyMaxPotentialBlockSize(out var minGrid, out var block, kernel, &SharedOf, 0, 0));
        Assert.That((minGrid, block), Is.EqualTo((108 * 8, 256)));
        Good(Cuda.ModuleUnload(module));
        NothingReported();
    }

    [Test]
    public void AKernelIsLaunchedInItsContext()
    {
        var store = Load(StoreText, out var module);
        Good(Cuda.CtxCreate(out var second, 0, 0));
        var stream = Stream();
        Bad(Launch(store, 0, 0, 0), InvalidHandle, "cuLaunchKernel", "not of the current context");
        Good(Cuda.CtxPushCurrent(Context));
        Bad(Launch(store, stream, 0, 0), InvalidHandle, "cuLaunchKernel", "not of the current context");
        Good(Cuda.CtxPopCurrent(out _));
        Good(Cuda.StreamDestroy(stream));
        Good(Cuda.CtxDestroy(second));
        Good(Cuda.ModuleUnload(module));
    }

    [Test]
    public void KernelsAreNodesOfGraphs()
    {
        var store = Load(StoreText, out var module);
        var stream = Stream();
        var (memory, gone) = (Memory(0), Memory(0));
        Good(Cuda.StreamBeginCapture(stream, 0));
        Good(Launch(store, stream, memory, 7));
        Good(Cuda.StreamEndCapture(stream, out var graph));
        Good(Cuda.GraphInstantiate(out var executable, graph, 0));
        Good(Cuda.GraphDestroy(graph));
        Good(Cuda.GraphLaunch(executable, stream));
        Good(Cuda.StreamSynchronize(stream));
        Assert.That(Read(memory, 1)[0], Is.EqualTo(7));
        Good(Cuda.MemFree(gone));
        Good(Cuda.GraphLaunch(executable, stream));
        Good(Cuda.StreamSynchronize(stream));
        Good(Cuda.MemFree(memory));
        Bad(Cuda.GraphLaunch(executable, stream), InvalidValue, "cuGraphLaunch", "which a parameter points to, was freed");
        Good(Cuda.ModuleUnload(module));
        Bad(Cuda.GraphLaunch(executable, stream), InvalidValue, "cuGraphLaunch", "kernel 'k' was unloaded");
        Good(Cuda.GraphExecDestroy(executable));
        Good(Cuda.StreamDestroy(stream));
    }

    [Test]
    public void KernelsUsePageLockedMemory()
    {
        var store = Load(StoreText, out var module);
        var host = PageLocked(0);
        Good(Launch(store, 0, (ulong)host, 7));
        Assert.That(*host, Is.Zero);
        Good(Cuda.CtxSynchronize());
        Assert.That(*host, Is.EqualTo(7));
        Good(Cuda.MemFreeHost((nint)host));
        Good(Cuda.ModuleUnload(module));
        NothingReported();
    }

    [Test]
    public void KernelsCountWhatTheyDo()
    {
        var store = Load(StoreText, out var module);
        var memory = Memory(0);
        Cuda.CountersReset();
        _ = Cuda.SetOption("counts", 1);
        Good(Launch(store, 0, 2, 32, 0, memory, 7));
        Good(Launch(store, 0, 2, 32, 0, memory, 7));
        Good(Cuda.CtxSynchronize());
        _ = Cuda.SetOption("counts", 0);
        Assert.That(Cuda.Statistics, Does.StartWith("k launches=2 threads=128 ").And.Contain(" stored=512 ").And.Contain(" store-sectors=4 "));
        End(memory, module);
    }

    [UnmanagedCallersOnly]
    private static nuint SharedOf(int threads) => threads <= 256 ? 0 : nuint.MaxValue;

    private static void End(ulong memory, params nint[] modules)
    {
        foreach (var module in modules)
            Good(Cuda.ModuleUnload(module));
        Good(Cuda.MemFree(memory));
        NothingReported();
    }
}
