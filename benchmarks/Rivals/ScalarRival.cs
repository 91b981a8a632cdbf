using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Throughput;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>The loops that one writes first: one number after the other, on one thread.</summary>
internal sealed class ScalarRival : IUpdateRival
{
    private const string Name = "scalar C#";

    public string Description => Name;

    public IReadOnlyList<Entry> Updates(Scope scope, UpdateJob job) => job.Type != NumberType.Float32 ? [] :
    [
        .. job.Contestants.Intersect(Contestant.Usual).Select(contestant =>
        {
            var tensors = Enumerable.Range(0, job.Layout.Count).Select(i => new Tensor(i * job.Layout.Length, job.Layout.Length, contestant.States)).ToArray();
            var step = 0;
            Action<Tensor, int> update = contestant.Name switch
            {
                "sgd" => Sgd,
                "momentum" => Momentum,
                "rmsprop" => RmsProp,
                "adam" => (tensor, step) => Adam(tensor, step, decay: 1),
                _ => (tensor, step) => Adam(tensor, step, decay: 1 - 1e-3f * 0.01f),
            };
            void Step()
            {
                step++;
                foreach (var tensor in tensors)
                    update(tensor, step);
            }
            return new Entry(contestant.Name, Name, new Workload(Step), contestant.Work(job.Type, job.Layout.Elements))
            {
                Check = () => UpdateCheck.Run(Name, contestant, job.Type, job.Layout.Elements, places => [.. places.Select(place => (double)tensors[job.Find(place).Tensor].Data[job.Find(place).Element])], Step),
            };
        }),
    ];

    private static void Sgd(Tensor tensor, int step)
    {
        var (data, gradient) = (tensor.Data, tensor.Gradient);
        for (var i = 0; i < data.Length; i++)
            data[i] -= 1e-3f * gradient[i];
    }

    private static void Momentum(Tensor tensor, int step)
    {
        var (data, gradient, buffer) = (tensor.Data, tensor.Gradient, tensor.First);
        for (var i = 0; i < data.Length; i++)
        {
            var b = step == 1 ? gradient[i] : 0.9f * buffer[i] + gradient[i];
            buffer[i] = b;
            data[i] -= 1e-3f * b;
        }
    }

    private static void RmsProp(Tensor tensor, int step)
    {
        var (data, gradient, square) = (tensor.Data, tensor.Gradient, tensor.First);
        for (var i = 0; i < data.Length; i++)
        {
            var g = gradient[i];
            var v = 0.99f * square[i] + 0.01f * g * g;
            square[i] = v;
            data[i] -= 0.01f * g / (MathF.Sqrt(v) + 1e-8f);
        }
    }

    private static void Adam(Tensor tensor, int step, float decay)
    {
        var rate = (float)(1e-3 / (1 - Math.Pow(0.9, step)));
        var root = (float)Math.Sqrt(1 - Math.Pow(0.999, step));
        var (data, gradient, average, square) = (tensor.Data, tensor.Gradient, tensor.First, tensor.Second);
        for (var i = 0; i < data.Length; i++)
        {
            var g = gradient[i];
            var m = 0.9f * average[i] + 0.1f * g;
            var v = 0.999f * square[i] + 0.001f * g * g;
            average[i] = m;
            square[i] = v;
            data[i] = decay * data[i] - rate * m / (MathF.Sqrt(v) / root + 1e-8f);
        }
    }

    private sealed class Tensor(long start, long length, int states)
    {
        public float[] Data { get; } = Make(length, i => Numbers.Parameter(start + i));

        public float[] Gradient { get; } = Make(length, i => Numbers.Gradient(start + i));

        public float[] First { get; } = new float[states > 0 ? length : 0];

        public float[] Second { get; } = new float[states > 1 ? length : 0];

        private static float[] Make(long length, Func<long, float> number)
        {
            var numbers = new float[length];
            for (var i = 0L; i < length; i++)
                numbers[i] = number(i);
            return numbers;
        }
    }
}
