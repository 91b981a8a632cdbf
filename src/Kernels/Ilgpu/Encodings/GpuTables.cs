namespace GpuOptim.Kernels.Ilgpu.Encodings;

/// <summary>Tables in shared memory that encodings look into, where there are some: a thread alone does without.</summary>
/// <param name="signed">Where the table of numbers with a sign is.</param>
internal struct GpuTables(int signed)
{
    /// <summary>16-byte words of one table.</summary>
    public const int Length = 13;

    /// <summary>Those of the tables with and without a sign.</summary>
    public const int AllLength = 2 * Length;

    /// <summary>Where in the first table the steps are, behind eight lines.</summary>
    public const int StepsOffset = 8 * 16;

    public int Signed = signed;

    /// <summary>1 if there are tables.</summary>
    public int AreThere = 1;

    /// <summary>Where one is.</summary>
    public readonly int At(bool isSigned) => isSigned ? Signed : Signed + Length * 16;
}
