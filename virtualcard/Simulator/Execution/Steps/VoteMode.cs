namespace VirtualCard.Execution.Steps;

/// <summary>The modes of vote.</summary>
internal enum VoteMode
{
    All,
    Any,
    Uniform,
    Ballot,
}
