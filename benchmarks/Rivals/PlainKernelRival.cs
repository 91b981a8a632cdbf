using GpuOptim.Benchmarks.Engine;
using GpuOptim.Benchmarks.Throughput;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuOptim.Benchmarks.Rivals;

/// <summary>The kernels that one writes first with ILGPU: a thread for each number, a launch for each tensor.</summary>
/// <param name="accelerator">What they run on.</param>
/// <param name="name">What to call them there.</param>
/// <param name="timed">Makes work that is timed on the accelerator.</param>
internal sealed class PlainKernelRival(Accelerator accelerator, string name, Func<Action, IWorkload> timed) : IUpdateRival
{
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>> _sgd = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(Sgd);
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int> _momentum = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(Momentum);
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>> _rmsProp = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>>(RmsProp);
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, AdamScalars> _adam = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, AdamScalars>(Adam);

    public string Description => $"{name} ({accelerator.Name})";

    /// <summary>What a CPU accelerator can be asked for: a launch takes it a millisecond or more, a number about a microsecond.</summary>
    private const int MostLaunches = 100, MostElements = 100_000;

    public IReadOnlyList<Entry> Updates(Scope scope, UpdateJob job) => job.Type != NumberType.Float32 || (accelerator is CPUAccelerator && (job.Layout.Count > MostLaunches || job.Layout.Elements > MostElements)) ? [] :
    [
        .. job.Contestants.Intersect(Contestant.Usual).Select(contestant =>
        {
            MemoryBuffer1D<float, Stride1D.Dense>[] Buffers(Func<long, float> number) =>
            [
                .. Enumerable.Range(0, job.Layout.Count).Select(i =>
                {
                    var numbers = new float[job.Layout.Length];
                    for (var j = 0L; j < numbers.LongLength; j++)
                        numbers[j] = number(i * job.Layout.Length + j);
                    return scope.Keep(accelerator.Allocate1D(numbers));
                }),
            ];
            var (data, gradients) = (Buffers(Numbers.Parameter), Buffers(Numbers.Gradient));
            var states = Enumerable.Range(0, contestant.States).Select(_ => Buffers(_ => 0)).ToArray();
            var (step, count) = (0, (Index1D)(int)job.Layout.Length);
            void Step()
            {
                step++;
                for (var i = 0; i < data.Length; i++)
                {
                    switch (contestant.Name)
                    {
                        case "sgd":
                            _sgd(count, data[i].View, gradients[i].View);
                            break;
                        case "momentum":
                            _momentum(count, data[i].View, gradients[i].View, states[0][i].View, step);
                            break;
                        case "rmsprop":
                            _rmsProp(count, data[i].View, gradients[i].View, states[0][i].View);
                            break;
                        default:
                            _adam(count, data[i].View, gradients[i].View, states[0][i].View, states[1][i].View, AdamScalars.At(step, contestant.Name == "adamw" ? 0.01 : 0));
                            break;
                    }
                }
            }
            double[] Read(long[] places)
            {
                accelerator.Synchronize();
                var number = new float[1];
                return
                [
                    .. places.Select(place =>
                    {
                        var (tensor, element) = job.Find(place);
                        data[tensor].View.SubView(element, 1).CopyToCPU(number);
                        return (double)number[0];
                    }),
                ];
            }
            return new Entry(contestant.Name, name, timed(Step), contestant.Work(job.Type, job.Layout.Elements))
            {
                Check = () => UpdateCheck.Run(name, contestant, job.Type, job.Layout.Elements, Read, Step),
            };
        }),
    ];

    private static void Sgd(Index1D i, ArrayView<float> p, ArrayView<float> g) => p[i] -= 1e-3f * g[i];

    private static void Momentum(Index1D i, ArrayView<float> p, ArrayView<float> g, ArrayView<float> buffer, int step)
    {
        buffer[i] = step == 1 ? g[i] : 0.9f * buffer[i] + g[i];
        p[i] -= 1e-3f * buffer[i];
    }

    private static void RmsProp(Index1D i, ArrayView<float> p, ArrayView<float> g, ArrayView<float> square)
    {
        square[i] = 0.99f * square[i] + 0.01f * g[i] * g[i];
        p[i] -= 0.01f * g[i] / (MathF.Sqrt(square[i]) + 1e-8f);
    }

    private static void Adam(Index1D i, ArrayView<float> p, ArrayView<float> g, ArrayView<float> average, ArrayView<float> square, AdamScalars scalars)
    {
        average[i] = 0.9f * average[i] + 0.1f * g[i];
        square[i] = 0.999f * square[i] + 0.001f * g[i] * g[i];
        p[i] = scalars.Decay * p[i] - scalars.Rate * average[i] / (MathF.Sqrt(square[i]) / scalars.Root + 1e-8f);
    }

    internal readonly record struct AdamScalars(float Rate, float Root, float Decay)
    {
        public static AdamScalars At(int step, double weightDecay) =>
            new((float)(1e-3 / (1 - Math.Pow(0.9, step))), (float)Math.Sqrt(1 - Math.Pow(0.999, step)), (float)(1 - 1e-3 * weightDecay));
    }
}
