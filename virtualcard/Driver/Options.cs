namespace VirtualCard.Driver;

/// <summary>What <c>vcSetOption</c> sets.</summary>
internal sealed class Options
{
    /// <summary>Report races in shared memory.</summary>
    public bool ChecksRaces { get; private set; } = true;

    /// <summary>Fuse mul and add as ptxas does, in modules loaded from now on.</summary>
    public bool Contracts { get; private set; } = true;

    /// <summary>Know of each byte whether it was written, in memory allocated from now on.</summary>
    public bool TracksWrites { get; private set; } = true;

    /// <summary>Reports go to stderr, too.</summary>
    public bool WritesToError { get; private set; } = true;

    /// <summary>Blocks and warps of kernels run in a random order.</summary>
    public bool ShufflesKernels { get; private set; } = true;

    /// <summary>A context that is destroyed with something left in it is reported.</summary>
    public bool ReportsLeaks { get; private set; } = true;

    /// <summary>Kernels count their accesses, for <c>vcStatistics</c>.</summary>
    public bool CountsAccesses { get; private set; }

    /// <summary>Threads of the host that run blocks; 0: one for each core.</summary>
    public int Workers { get; private set; }

    /// <summary>Basic blocks that a warp may run.</summary>
    public long MaxSteps { get; private set; } = 200_000_000;

    /// <summary>Work that may wait in queues.</summary>
    public int MaxQueue { get; private set; } = 1024;

    public bool Set(string name, long value)
    {
        switch (name)
        {
            case "races":
                ChecksRaces = value != 0;
                return true;
            case "contract":
                Contracts = value != 0;
                return true;
            case "written":
                TracksWrites = value != 0;
                return true;
            case "stderr":
                WritesToError = value != 0;
                return true;
            case "shuffle":
                ShufflesKernels = value != 0;
                return true;
            case "leaks":
                ReportsLeaks = value != 0;
                return true;
            case "counts":
                CountsAccesses = value != 0;
                return true;
            case "workers":
                Workers = (int)value;
                return true;
            case "steps":
                MaxSteps = value;
                return true;
            case "queue":
                MaxQueue = (int)value;
                return true;
            default:
                return false;
        }
    }
}
