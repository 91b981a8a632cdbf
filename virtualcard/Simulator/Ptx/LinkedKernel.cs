namespace VirtualCard.Ptx;

/// <summary>A kernel with its calls inlined, as basic blocks in the order in which they are run.</summary>
public sealed class LinkedKernel
{
    public required Function Entry { get; init; }

    public required BasicBlock[] Blocks { get; init; }

    /// <summary>The variables of the functions in use: .shared, .local, and .param of calls.</summary>
    public required IReadOnlyList<Variable> Variables { get; init; }

    /// <summary>Pairs of mul and add that became one fma.</summary>
    public required int Contracted { get; init; }

    /// <summary>Registers of 32 bits that are alive at once: what ptxas would need at least, without its optimizations.</summary>
    public required int RegisterPressure { get; init; }

    /// <summary>Registers that are read and never written.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <param name="contracts">Fuse a mul with the only add or sub that uses it, where neither names a rounding, as ptxas does.</param>
    /// <exception cref="PtxException">The kernel is inconsistent.</exception>
    public static LinkedKernel Link(Module module, string kernel, bool contracts) => Linker.Link(module, kernel, contracts);
}
