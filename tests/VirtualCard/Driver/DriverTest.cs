namespace GpuOptim.Tests.VirtualCard.Driver;

/// <summary>A test of the driver through its own functions: a context on a fresh card, at whose end nothing may be left.</summary>
[NonParallelizable]
public abstract unsafe class DriverTest
{
    private protected const int InvalidValue = 1;
    private protected const int OutOfMemory = 2;
    private protected const int InvalidContext = 201;
    private protected const int InvalidHandle = 400;
    private protected const int NotReady = 600;
    private protected const uint NonBlocking = 1;
    private const int Seeds = 40;

    private protected nint Context { get; private set; }

    /// <summary>Cards of the machine.</summary>
    private protected virtual int Cards => 1;

    private protected virtual string Architecture => "sm_80";

    [OneTimeSetUp]
    public void FindLibrary() => VirtualCardLibrary.Require();

    [SetUp]
    public void PlugIn()
    {
        Assert.That(Cuda.Living, Is.Empty);
        Assert.That(Cuda.Reset(Cards, Architecture, seed: 1), Is.Zero);
        _ = Cuda.SetOption("stderr", 0);
        Good(Cuda.Init(0));
        Cuda.ReportClear();
        Cuda.CountersReset();
        Good(Cuda.CtxCreate(out var context, 0, 0));
        Context = context;
    }

    [TearDown]
    public void Unplug()
    {
        // A test that failed leaves more than one; what it forgot has been reported or is of no interest.
        while (Cuda.CtxGetCurrent(out var context) == 0 && context != 0)
            _ = Cuda.CtxDestroy(context);
    }

    private protected static void Good(int result) => Assert.That(result, Is.Zero, string.Join(Environment.NewLine, Cuda.Reports));

    /// <summary>A call that must fail, and a report that names it and says why.</summary>
    private protected static void Bad(int result, int expected, params string[] words)
    {
        Assert.That(result, Is.EqualTo(expected), string.Join(Environment.NewLine, Cuda.Reports));
        Reported(words);
    }

    /// <summary>There is one report, with all these words.</summary>
    private protected static void Reported(params string[] words)
    {
        var reports = Cuda.Reports;
        Assert.That(reports, Has.Length.EqualTo(1));
        foreach (var word in words)
            Assert.That(reports[0], Does.Contain(word));
        Cuda.ReportClear();
    }

    private protected static void NothingReported() => Assert.That(Cuda.Reports, Is.Empty);

    private protected static nint Stream(uint flags = NonBlocking)
    {
        Good(Cuda.StreamCreate(out var stream, flags));
        return stream;
    }

    private protected static nint Event(uint flags = 0)
    {
        Good(Cuda.EventCreate(out var item, flags));
        return item;
    }

    /// <summary>Device memory that holds numbers.</summary>
    private protected static ulong Memory(params uint[] values)
    {
        Good(Cuda.MemAlloc(out var address, (nuint)values.Length * 4));
        fixed (uint* source = values)
            Good(Cuda.MemcpyHtoD(address, source, (nuint)values.Length * 4));
        Good(Cuda.CtxSynchronize());
        return address;
    }

    /// <summary>Page-locked memory of the host.</summary>
    private protected static uint* PageLocked(params uint[] values)
    {
        Good(Cuda.MemAllocHost(out var address, (nuint)values.Length * 4));
        values.CopyTo(new Span<uint>((void*)address, values.Length));
        return (uint*)address;
    }

    private protected static uint[] Read(ulong address, int count)
    {
        var values = new uint[count];
        fixed (uint* target = values)
            Good(Cuda.MemcpyDtoH(target, address, (nuint)count * 4));
        return values;
    }

    /// <summary>All results that any seed leads to.</summary>
    private protected static uint[] Outcomes(Func<uint> run)
    {
        SortedSet<uint> found = [];
        for (var seed = 0ul; seed < Seeds; seed++)
        {
            Cuda.SetSeed(seed);
            found.Add(run());
        }
        return [.. found];
    }
}
