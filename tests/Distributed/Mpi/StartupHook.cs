using GpuOptim.Tests.Distributed.Mpi;

/// <summary>
/// Has this assembly's executable be a rank instead of a run of tests: .NET calls it before anything else in processes whose environment has
/// <c>DOTNET_STARTUP_HOOKS</c> name the assembly.
/// </summary>
#pragma warning disable CA1050, IDE0130 // .NET looks for it under this name, in no namespace.
internal static class StartupHook
#pragma warning restore CA1050, IDE0130
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(MpiRun.RoleVariable) is { Length: > 0 } role)
            Environment.Exit(RankProgram.Run(role));
    }
}
