namespace VirtualCard.Driver;

/// <summary>A call that fails.</summary>
/// <param name="finding">What the caller did wrong, for a report; null where a right program may come here, too.</param>
internal sealed class DriverException(Result result, string? finding) : Exception(finding ?? result.ToString())
{
    public Result Result => result;

    public string? Finding { get; } = finding;
}
