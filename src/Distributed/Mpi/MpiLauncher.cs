using System.Globalization;

namespace GpuOptim.Distributed.Mpi;

/// <summary>What the environment tells of who started this process as one of several.</summary>
/// <param name="Name">What the launcher is called; null if there is none.</param>
/// <param name="IsOpenMpi">Whether it is Open MPI's; null if it may be anybody's.</param>
/// <param name="Size">How many processes it started; null if it does not say.</param>
internal sealed record MpiLauncher(string? Name, bool? IsOpenMpi, int? Size)
{
    /// <summary>The launcher of this process.</summary>
    public static MpiLauncher Current => Of(Environment.GetEnvironmentVariable);

    /// <summary>The launcher that variables tell of.</summary>
    public static MpiLauncher Of(Func<string, string?> variable)
    {
        // Open MPI's come first: its launcher may itself have been started by another.
        if (Number(variable("OMPI_COMM_WORLD_SIZE")) is { } ours)
            return new("Open MPI's mpirun (OMPI_COMM_WORLD_SIZE)", true, ours);
        if (Number(variable("PMI_SIZE")) is { } hydra)
            return new("mpiexec of MPICH, Intel MPI or MS-MPI (PMI_SIZE)", false, hydra);
        if (Number(variable("MV2_COMM_WORLD_SIZE")) is { } mvapich)
            return new("mpirun_rsh of MVAPICH (MV2_COMM_WORLD_SIZE)", false, mvapich);
        // Slurm and others speak PMIx to any library, and do not say how many there are.
        return variable("PMIX_RANK") is not null ? new("a launcher that speaks PMIx (PMIX_RANK)", null, null) : new(null, null, null);
    }

    private static int? Number(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}
