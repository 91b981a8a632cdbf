namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>A test with kernels.</summary>
public abstract unsafe class KernelTest : DriverTest
{
    /// <summary>A module of one kernel, k, with these parameters and this body.</summary>
    private protected static string Text(string parameters, string body, string target = "sm_80", string version = "7.0", string directives = "") => $$"""
        .version {{version}}
        .target {{target}}
        .address_size 64
        .visible .entry k({{parameters}}) {{directives}}
        {
            .reg .pred %p<4>;
            .reg .b32 %r<16>;
            .reg .b64 %rd<16>;
            {{body}}
            ret;
        }
        """;

    /// <summary>Writes a value at an address.</summary>
    private protected static readonly string StoreText = Text(".param .u64 target, .param .u32 value", """
            ld.param.u64 %rd1, [target];
            ld.param.u32 %r1, [value];
            st.global.u32 [%rd1], %r1;
        """);

    /// <summary>Copies a value from one address to another.</summary>
    private protected static readonly string MoveText = Text(".param .u64 target, .param .u64 source", """
            ld.param.u64 %rd1, [target];
            ld.param.u64 %rd2, [source];
            ld.global.u32 %r1, [%rd2];
            st.global.u32 [%rd1], %r1;
        """);

    private protected static nint Load(string text, out nint module)
    {
        Good(Cuda.ModuleLoadData(out module, text));
        Good(Cuda.ModuleGetFunction(out var function, module, "k"));
        return function;
    }

    /// <summary>Launches one thread.</summary>
    private protected static int Launch(nint function, nint stream, params ulong[] arguments) => Launch(function, stream, 1, 1, 0, arguments);

    private protected static int Launch(nint function, nint stream, uint grid, uint block, uint shared, params ulong[] arguments)
    {
        fixed (ulong* values = arguments)
        {
            var pointers = stackalloc void*[arguments.Length];
            for (var i = 0; i < arguments.Length; i++)
                pointers[i] = values + i;
            return Cuda.LaunchKernel(function, grid, 1, 1, block, 1, 1, shared, stream, pointers, null);
        }
    }

    /// <summary>Launches and waits for a fault, which every call from then on returns.</summary>
    private protected static void Breaks(nint function, int expected, ulong[] arguments, params string[] words)
    {
        Good(Launch(function, 0, arguments));
        Assert.That(Cuda.CtxSynchronize(), Is.EqualTo(expected), string.Join(Environment.NewLine, Cuda.Reports));
        Reported([.. words, "cuLaunchKernel #", "kernel 'k'", "stream 0", "cuCtxSynchronize #"]);
        Assert.That(Cuda.MemAlloc(out _, 4), Is.EqualTo(expected));
        Assert.That(Cuda.StreamCreate(out _, 0), Is.EqualTo(expected));
        Assert.That(Cuda.CtxSynchronize(), Is.EqualTo(expected));
        NothingReported();
    }
}
