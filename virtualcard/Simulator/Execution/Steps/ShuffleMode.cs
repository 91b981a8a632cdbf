namespace VirtualCard.Execution.Steps;

/// <summary>How shfl finds the lane to read from.</summary>
internal enum ShuffleMode
{
    Up,
    Down,
    Butterfly,
    Index,
}
