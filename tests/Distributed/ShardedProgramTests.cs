namespace GpuOptim.Tests.Distributed;

/// <summary>Random programs end with the bits of one process, whatever the numbers of ranks.</summary>
public sealed class ShardedProgramTests
{
    [Test]
    public void EndsWithTheBitsOfOneProcess([Range(0, 19)] int tens)
    {
        for (var seed = 10 * tens; seed < 10 * tens + 10; seed++)
        {
            var program = new ShardedProgram(seed);
            Assert.That(program.RunOnMany(), Is.EqualTo(program.RunOnOne()), $"{program}");
        }
    }
}
