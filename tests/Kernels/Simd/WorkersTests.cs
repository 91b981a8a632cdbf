using GpuOptim.Kernels.Simd;

namespace GpuOptim.Tests.Kernels.Simd;

public sealed class WorkersTests
{
    [Test]
    public void EveryChunkRunsExactlyOnce([Values(1, 2, 3, 8)] int threads, [Values(0, 1, 2, 7, 1000)] int chunks, [Values] bool isShort)
    {
        var workers = new Workers(threads);
        for (var round = 0; round < 50; round++)
        {
            var counts = new int[chunks];
            var job = new CountingJob(counts);
            workers.Run(ref job, chunks, isShort);
            Assert.That(counts, Has.All.EqualTo(1));
        }
    }

    [Test]
    public void JobsOfSeveralCallersDoNotMix()
    {
        var workers = new Workers(4);
        Parallel.For(0, 8, _ =>
        {
            for (var round = 0; round < 200; round++)
            {
                var counts = new int[round % 17];
                var job = new CountingJob(counts);
                workers.Run(ref job, counts.Length);
                Assert.That(counts, Has.All.EqualTo(1));
            }
        });
    }

    [Test]
    public void ABusyThreadPoolDoesNotStall()
    {
        ThreadPool.GetMinThreads(out var busy, out _);
        using var release = new ManualResetEventSlim();
        var waiting = Enumerable.Range(0, busy + 2).Select(_ => Task.Run(release.Wait)).ToArray();
        try
        {
            var counts = new int[100];
            var job = new CountingJob(counts);
            new Workers(4).Run(ref job, counts.Length);
            Assert.That(counts, Has.All.EqualTo(1));
        }
        finally
        {
            release.Set();
            Task.WaitAll(waiting);
        }
    }

    private readonly struct CountingJob(int[] counts) : IChunkedJob
    {
        public void Run(int chunk) => Interlocked.Increment(ref counts[chunk]);
    }
}
