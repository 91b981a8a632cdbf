namespace VirtualCard.Execution;

/// <summary>An instruction, compiled: what it does to the active lanes of a warp.</summary>
internal abstract class Step
{
    public abstract void Run(Warp warp);
}
