using VirtualCard.Driver.Cards;
using VirtualCard.Execution;
using VirtualCard.Ptx;

namespace VirtualCard.Driver;

/// <summary>A kernel of a module.</summary>
internal sealed class DriverFunction : DriverObject
{
    private const int RegisterUnit = 8;

    public DriverFunction(DriverModule module, Function declared, Kernel kernel)
        : base(module.Context)
    {
        (Module, Declared, Kernel) = (module, declared, kernel);
        MaxThreads = Math.Min(kernel.MaxThreads, CardModel.MaxBlockThreads);
        // What is promised about blocks and registers, the compiler keeps, at the price of spills.
        var limit = IsPromised("maxntid") || IsPromised("reqntid") ? CardModel.Registers / RoundUp(MaxThreads, CardModel.WarpSize) / RegisterUnit * RegisterUnit : 255;
        if (declared.Directives.TryGetValue("maxnreg", out var most) && most.Length > 0)
            limit = Math.Min(limit, most[0]);
        Registers = Math.Min(kernel.Registers, Math.Max(limit, RegisterUnit));
        MaxDynamicShared = Math.Max(0, CardModel.DefaultSharedBytes - kernel.StaticSharedBytes);
    }

    public DriverModule Module { get; }

    public Function Declared { get; }

    public Kernel Kernel { get; }

    public int MaxThreads { get; }

    public int Registers { get; }

    /// <summary>Bytes of dynamic shared memory that a launch may ask for.</summary>
    public int MaxDynamicShared { get; set; }

    public int PreferredCarveout { get; set; } = -1;

    public override string Kind => "function";

    public override string ToString() => $"kernel '{Kernel.Name}'";

    private static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;

    private bool IsPromised(string directive) => Declared.Directives.ContainsKey(directive);
}
