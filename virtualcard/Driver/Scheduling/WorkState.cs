namespace VirtualCard.Driver.Scheduling;

/// <summary>How far a piece of work is.</summary>
internal enum WorkState
{
    Waiting,
    Ready,
    Running,
    Done,
}
