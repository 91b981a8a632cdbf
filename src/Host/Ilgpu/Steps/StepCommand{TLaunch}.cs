namespace GpuOptim.Host.Ilgpu.Steps;

/// <summary>A launch of one kind.</summary>
/// <param name="launch">The launch.</param>
internal sealed class StepCommand<TLaunch>(TLaunch launch) : StepCommand where TLaunch : struct, IStepLaunch, IEquatable<TLaunch>
{
    private TLaunch _launch = launch;

    /// <summary>Exchanges the launch.</summary>
    /// <returns>Whether it was another.</returns>
    public bool Set(in TLaunch launch)
    {
        if (_launch.Equals(launch))
            return false;
        _launch = launch;
        return true;
    }

    public override void Run(IlgpuQueue queue) => _launch.Run(queue);
}
