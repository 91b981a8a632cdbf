namespace GpuOptim.Tests.Distributed;

/// <summary>Random programs end with the bits of one process, whatever the numbers of ranks.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ShardedProgramTests
{
    [Test]
    public void EndsWithTheBitsOfOneProcess([Range(0, 19)] int tens)
    {
        for (var seed = 10 * tens; seed < 10 * tens + 10; seed++)
            Check(seed);
    }

    private static void Check(int seed)
    {
        var program = new ShardedProgram(seed);
        var (many, one) = (program.RunOnMany(), program.RunOnOne());
        Assert.That(many, Has.Length.EqualTo(one.Length), $"{program}");
        Assert.That(one.Zip(many).Where(each => each.First != each.Second).Select(each => $"one process: {Start(each.First)}; ranks: {Start(each.Second)}"), Is.Empty, $"{program}");

        static string Start(string text) => text.Length > 100 ? text[..100] + "…" : text;
    }
}
