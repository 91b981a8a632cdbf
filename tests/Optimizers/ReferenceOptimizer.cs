namespace GpuOptim.Tests.Optimizers;

/// <summary>The optimizers as textbooks write them, in plain double precision: what the fast ones are held to where rounding may differ.</summary>
internal static class ReferenceOptimizer
{
    public static void Sgd(double[] p, double[] g, double[] buffer, int t, double lr, double momentum, double dampening, double decay, bool nesterov)
    {
        for (var i = 0; i < p.Length; i++)
        {
            var d = g[i] + decay * p[i];
            buffer[i] = t == 1 ? d : momentum * buffer[i] + (1 - dampening) * d;
            p[i] -= lr * (momentum == 0 ? d : nesterov ? d + momentum * buffer[i] : buffer[i]);
        }
    }

    public static void RmsProp(double[] p, double[] g, double[] square, double[] mean, double[] buffer, double lr, double alpha, double epsilon, double momentum, bool centered)
    {
        for (var i = 0; i < p.Length; i++)
        {
            square[i] = alpha * square[i] + (1 - alpha) * g[i] * g[i];
            mean[i] = alpha * mean[i] + (1 - alpha) * g[i];
            var root = Math.Sqrt(square[i] - (centered ? mean[i] * mean[i] : 0)) + epsilon;
            buffer[i] = momentum * buffer[i] + g[i] / root;
            p[i] -= lr * buffer[i];
        }
    }

    public static void Lion(double[] p, double[] g, double[] m, double lr, double beta1, double beta2, double decay)
    {
        for (var i = 0; i < p.Length; i++)
        {
            p[i] -= lr * (Math.Sign(beta1 * m[i] + (1 - beta1) * g[i]) + decay * p[i]);
            m[i] = beta2 * m[i] + (1 - beta2) * g[i];
        }
    }

    public static void Lamb(double[] p, double[] g, double[] m, double[] v, int t, double lr, double beta1, double beta2, double epsilon, double decay, bool cautious)
    {
        var u = new double[p.Length];
        for (var i = 0; i < p.Length; i++)
        {
            m[i] = beta1 * m[i] + (1 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
            u[i] = m[i] / (1 - Math.Pow(beta1, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(beta2, t))) + epsilon);
            if (!cautious || u[i] * p[i] >= 0)
                u[i] += decay * p[i];
        }
        double parameter = Math.Sqrt(p.Sum(x => x * x)), direction = Math.Sqrt(u.Sum(x => x * x));
        for (var i = 0; i < p.Length; i++)
            p[i] -= lr * (parameter > 0 && direction > 0 ? parameter / direction : 1) * u[i];
    }

    public static void Adam(double[] p, double[] g, double[] m, double[] v, double[] largest, int t, double lr, double beta1, double beta2, double epsilon, double decay, bool decoupled, bool amsgrad)
    {
        for (var i = 0; i < p.Length; i++)
        {
            var d = g[i];
            if (decoupled)
                p[i] -= lr * decay * p[i];
            else
                d += decay * p[i];
            m[i] = beta1 * m[i] + (1 - beta1) * d;
            v[i] = beta2 * v[i] + (1 - beta2) * d * d;
            largest[i] = Math.Max(largest[i], v[i]);
            var corrected = (amsgrad ? largest[i] : v[i]) / (1 - Math.Pow(beta2, t));
            p[i] -= lr * (m[i] / (1 - Math.Pow(beta1, t))) / (Math.Sqrt(corrected) + epsilon);
        }
    }
}
