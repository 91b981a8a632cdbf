namespace GpuOptim.Tests.VirtualCard;

/// <summary>The test does what the virtual card must report; in each report is one of these phrases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IsReportedAttribute(params string[] phrases) : Attribute
{
    public IReadOnlyList<string> Phrases => phrases;
}
