using GpuOptim.Host;
using GpuOptim.Kernels;

namespace GpuOptim.Optimizers;

/// <summary>What there is besides the table that has the gradients, for tensors that are updated along directions.</summary>
/// <param name="shape">Their shape as matrices, if rows and columns are averaged.</param>
/// <param name="directions">Where each direction is.</param>
/// <param name="parameters">The parameters, to be measured.</param>
/// <param name="updates">The update along the directions.</param>
/// <param name="factors">From gradients, with averages of rows and columns, to directions, if there are these averages.</param>
internal sealed class DirectionTables(FactoredShape? shape, nint[] directions, UpdateBatch parameters, UpdateBatch updates, UpdateBatch? factors) : IDisposable
{
    public FactoredShape? Shape => shape;

    public UpdateBatch Parameters => parameters;

    public UpdateBatch Updates => updates;

    public UpdateBatch? Factors => factors;

    /// <summary>Whether gradients were copied to where directions go, when the tables were last used.</summary>
    public bool AreCopied { get; set; }

    /// <summary>Says which tensors have gradients, and which rules they follow.</summary>
    public void Fill(UpdateBatch table, TrackedParameter[] members)
    {
        Follow(table, parameters);
        if (factors is not null)
            Follow(table, factors);
        for (var i = 0; i < members.Length; i++)
        {
            var hasGradient = table.Gradients[i] != 0;
            parameters.Gradients[i] = hasGradient ? members[i].Parameter.Data.Address : 0;
            updates.Gradients[i] = hasGradient ? directions[i] : 0;
        }
    }

    public void Dispose()
    {
        parameters.Dispose();
        updates.Dispose();
        factors?.Dispose();
    }

    private static void Follow(UpdateBatch table, UpdateBatch other)
    {
        table.Rules.CopyTo(other.Rules);
        table.Pending.CopyTo(other.Pending);
    }
}
