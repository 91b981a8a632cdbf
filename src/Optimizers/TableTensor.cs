using GpuOptim.Host;

namespace GpuOptim.Optimizers;

/// <summary>A tensor of an optimizer's tables: a parameter, or a part of one that is taken apart.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Start">Where in it the part begins.</param>
/// <param name="Rows">Rows of the part, where it is a matrix; else its length.</param>
/// <param name="Columns">Columns of the part, where it is a matrix; else 1.</param>
internal readonly record struct TableTensor(Parameter Parameter, long Start, long Rows, long Columns)
{
    /// <summary>How many elements it has.</summary>
    public long Length => Rows * Columns;
}
