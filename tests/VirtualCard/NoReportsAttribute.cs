using GpuOptim.Tests.VirtualCard;
using NUnit.Framework.Interfaces;

[assembly: NoReports]

namespace GpuOptim.Tests.VirtualCard;

/// <summary>
/// The virtual card must have nothing to say of any test: a test fails in which it finds a wrong pointer, memory changed too early, a call in a wrong
/// state, a leak; but for what is <see cref="IsReportedAttribute"/>. Where tests run in parallel, the fault may be another's.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class NoReportsAttribute : Attribute, ITestAction
{
    private static int _told;

    public ActionTargets Targets => ActionTargets.Test;

    public void BeforeTest(ITest test)
    {
    }

    public void AfterTest(ITest test)
    {
        if (!VirtualCardLibrary.IsUsed)
            return;
        var count = VirtualCardInUse.ReportCount;
        var told = Interlocked.Exchange(ref _told, count);
        string[] reports = [.. Enumerable.Range(told, Math.Max(0, count - told)).Select(VirtualCardInUse.Report)];
        var expected = test.Method?.GetCustomAttributes<IsReportedAttribute>(inherit: false).SelectMany(attribute => attribute.Phrases).ToArray() ?? [];
        string[] others = [.. reports.Where(report => !expected.Any(phrase => report.Contains(phrase, StringComparison.Ordinal)))];
        if (others.Length > 0)
            Assert.Fail($"The virtual card reports: {string.Join(Environment.NewLine, others)}");
        if (reports.Length == 0 && expected.Length > 0)
            Assert.Fail("The virtual card reports nothing.");
    }
}
