using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>
/// The optimizers as one would write them in PyTorch, in TorchSharp's tensor operations, for a single parameter: the live oracle.
/// (TorchSharp's own <c>optim</c> is none: its Adam multiplies and adds where PyTorch interpolates, and its defaults differ.)
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

    protected Tensor Buffer(string name)
    {
        if (!State.TryGetValue(name, out var tensor))
            State.Add(name, tensor = zeros_like(P).DetachFromDisposeScope());
        return tensor;
    }
}

internal sealed class NotebookSgd(Tensor parameter, double lr, double momentum, double weightDecay) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        if (weightDecay != 0)
            g = g.add(P, alpha: weightDecay);
        if (momentum != 0)
            g = Buffer("momentum_buffer").mul_(momentum).add_(g);
        P.add_(g, alpha: -lr);
    }
}

internal sealed class NotebookRmsProp(Tensor parameter, double lr, double alpha, double eps, double weightDecay) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        if (weightDecay != 0)
            g = g.add(P, alpha: weightDecay);
        var s = Buffer("square_avg").mul_(alpha).addcmul_(g, g, value: 1 - alpha);
        P.addcdiv_(g, s.sqrt().add_(eps), value: -lr);
    }
}

internal sealed class NotebookAdam(Tensor parameter, double lr, double beta1, double beta2, double eps, double weightDecay, bool decoupled)
    : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        if (decoupled)
            P.mul_(1 - lr * weightDecay);
        else if (weightDecay != 0)
            g = g.add(P, alpha: weightDecay);
        var v = Buffer("exp_avg").lerp_(g, 1 - beta1);
        var s = Buffer("exp_avg_sq").mul_(beta2).addcmul_(g, g, value: 1 - beta2);
        var bias1 = 1 - Math.Pow(beta1, StepCount);
        var bias2 = 1 - Math.Pow(beta2, StepCount);
        var denom = s.sqrt().div_(Math.Sqrt(bias2)).add_(eps);
        P.addcdiv_(v, denom, value: -lr / bias1);
    }
}

internal sealed class NotebookMuon(Tensor parameter, double lr, double momentum, double weightDecay, int nsSteps) : NotebookOptimizer(parameter)
{
    protected override void Update(Tensor g)
    {
        P.mul_(1 - lr * weightDecay);
        var v = Buffer("momentum_buffer").lerp_(g, 1 - momentum);
        var update = Orthogonalize(g.lerp(v, momentum), nsSteps).to(float32);
        var (rows, columns) = (P.shape[0], P.shape[1]);
        P.add_(update, alpha: -lr * Math.Sqrt(Math.Max(1, (double)rows / columns)));
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
