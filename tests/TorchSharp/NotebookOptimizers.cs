using GpuOptim.Optimizers;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>
/// The optimizers as one would write them in PyTorch, in TorchSharp's tensor operations, for a single parameter: the live oracle.
/// (TorchSharp's own <c>optim</c> is none: its Adam multiplies and adds where PyTorch interpolates, and its defaults differ. Its <c>mul_</c> and
/// <c>lerp</c> round a number to the tensor's type, which PyTorch's do not.)
/// </summary>
internal abstract class NotebookOptimizer(Tensor parameter)
{
    protected Tensor P { get; } = parameter;

    /// <summary>State tensors by PyTorch's names.</summary>
    public Dictionary<string, Tensor> State { get; } = [];

    public int StepCount { get; private set; }

    public void Step(Tensor gradient)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        StepCount++;
        Update(gradient);
    }

    protected abstract void Update(Tensor g);

    /// <summary>PyTorch's <c>lerp</c>: in float32, rounded once.</summary>
    protected static Tensor Lerp(Tensor start, Tensor end, double weight) => start.to(float32).lerp(end.to(float32), weight).to(start.dtype);

    protected Tensor Buffer(string name)
    {
        if (!State.TryGetValue(name, out var tensor))
            State.Add(name, tensor = zeros_like(P).DetachFromDisposeScope());
        return tensor;
    }
}

internal sealed class NotebookSgd(Tensor parameter, SgdOptions options) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        if (options.Maximize)
            g = g.neg();
        if (options.WeightDecay != 0)
            g = g.add(P, alpha: options.WeightDecay);
        if (options.Momentum != 0)
        {
            // The first buffer is the gradient itself, undamped.
            var buffer = Buffer("momentum_buffer");
            if (StepCount == 1)
                buffer.copy_(g);
            else
                buffer.copy_(buffer.mul(options.Momentum).add_(g, alpha: 1 - options.Dampening));
            g = options.Nesterov ? g.add(buffer, alpha: options.Momentum) : buffer;
        }
        P.add_(g, alpha: -options.LearningRate);
    }
}

internal sealed class NotebookRmsProp(Tensor parameter, RmsPropOptions options) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        if (options.Maximize)
            g = g.neg();
        if (options.WeightDecay != 0)
            g = g.add(P, alpha: options.WeightDecay);
        var square = Buffer("square_avg");
        square.copy_(square.mul(options.Alpha).addcmul_(g, g, value: 1 - options.Alpha));
        if (options.Centered)
        {
            var mean = Buffer("grad_avg");
            mean.copy_(Lerp(mean, g, 1 - options.Alpha));
            square = square.addcmul(mean, mean, value: -1);
        }
        var root = square.sqrt().add_(options.Epsilon);
        if (options.Momentum != 0)
        {
            var buffer = Buffer("momentum_buffer");
            P.add_(buffer.copy_(buffer.mul(options.Momentum).addcdiv_(g, root, value: 1)), alpha: -options.LearningRate);
        }
        else
        {
            P.addcdiv_(g, root, value: -options.LearningRate);
        }
    }
}

internal sealed class NotebookAdam(Tensor parameter, AdamOptionsBase options) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        if (options.Maximize)
            g = g.neg();
        if (options is AdamWOptions)
            P.copy_(P.mul(1 - options.LearningRate * options.WeightDecay));
        else if (options.WeightDecay != 0)
            g = g.add(P, alpha: options.WeightDecay);
        var mean = Buffer("exp_avg");
        mean.copy_(Lerp(mean, g, 1 - options.Beta1));
        var square = Buffer("exp_avg_sq");
        square.copy_(square.mul(options.Beta2).addcmul_(g, g, value: 1 - options.Beta2));
        if (options.Amsgrad)
        {
            var largest = Buffer("max_exp_avg_sq");
            square = largest.copy_(maximum(largest, square));
        }
        var bias1 = 1 - Math.Pow(options.Beta1, StepCount);
        var bias2 = 1 - Math.Pow(options.Beta2, StepCount);
        var denom = square.sqrt().div(Math.Sqrt(bias2)).add_(options.Epsilon);
        P.addcdiv_(mean, denom, value: -options.LearningRate / bias1);
    }
}

internal sealed class NotebookMuon(Tensor parameter, MuonOptions options) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        P.copy_(P.mul(1 - options.LearningRate * options.WeightDecay));
        var buffer = Buffer("momentum_buffer");
        buffer.copy_(Lerp(buffer, g, 1 - options.Momentum));
        var update = Orthogonalize(options.Nesterov ? Lerp(g, buffer, options.Momentum) : buffer, 5).to(P.dtype);
        var (rows, columns) = (P.shape[0], P.shape[1]);
        P.add_(update, alpha: -options.LearningRate * Math.Sqrt(Math.Max(1, (double)rows / columns)));
    }

    private static Tensor Orthogonalize(Tensor u, int steps)
    {
        var tall = u.shape[0] > u.shape[1];
        var x = u.bfloat16();
        if (tall)
            x = x.t();
        x = x / x.norm().clamp(min: 1e-7);
        for (var i = 0; i < steps; i++)
        {
            var a = x.mm(x.t());
            var b = addmm(a, a, a, beta: -4.7750f, alpha: 2.0315f);
            x = addmm(x, b, x, beta: 3.4445f, alpha: 1);
        }
        return tall ? x.t() : x;
    }
}
