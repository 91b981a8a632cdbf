using GpuOptim.Benchmarks.NewtonSchulz;
using GpuOptim.Host;

namespace GpuOptim.Benchmarks.Muon;

/// <summary>Looks whether a step of Muon moves a matrix by an orthogonal one.</summary>
internal static class MuonCheck
{
    /// <summary>Steps, and looks at the first matrix.</summary>
    /// <returns>What was found, for people.</returns>
    /// <exception cref="Engine.WrongResultException">It moved otherwise.</exception>
    public static string Run(Parameter<float>[] parameters, Shape[] shapes, Optimizers.Muon muon)
    {
        var before = parameters[0].Data.ToArray();
        muon.Step();
        var options = muon.Groups[0].Options;
        var scale = options.LearningRate * Math.Sqrt(Math.Max(1, (double)shapes[0].Rows / shapes[0].Columns));
        var move = parameters[0].Data.ToArray().Zip(before, (after, start) => (float)((start * (1 - options.LearningRate * options.WeightDecay) - after) / scale)).ToArray();
        return OrthogonalityCheck.Run(move, shapes[0]);
    }
}
