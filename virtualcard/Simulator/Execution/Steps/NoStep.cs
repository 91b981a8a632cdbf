namespace VirtualCard.Execution.Steps;

/// <summary>Does nothing.</summary>
internal sealed class NoStep : Step
{
    public static NoStep Instance { get; } = new();

    public override void Run(Warp warp)
    {
    }
}
