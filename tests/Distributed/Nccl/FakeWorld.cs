namespace GpuOptim.Tests.Distributed.Nccl;

/// <summary>The ranks of one identifier.</summary>
internal sealed class FakeWorld(int size)
{
    private readonly object _gate = new();
    private int _here;
    private int _meetings;
    private bool _isAborted;

    public int Size => size;

    /// <summary>What each rank has to give of the group of calls that is carried out.</summary>
    public (FakeCall Call, byte[] Bytes)[][] Given { get; } = new (FakeCall, byte[])[size][];

    public void Abort()
    {
        lock (_gate)
        {
            _isAborted = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits for all ranks; false once somebody aborts.</summary>
    public bool Meet()
    {
        lock (_gate)
        {
            var meeting = _meetings;
            if (++_here == size)
            {
                _here = 0;
                _meetings++;
                Monitor.PulseAll(_gate);
            }
            while (_meetings == meeting && !_isAborted)
                Monitor.Wait(_gate);
            return _meetings != meeting;
        }
    }

    /// <summary>Adds up what ranks have.</summary>
    public static unsafe byte[] Sum(byte[][] parts, int type)
    {
        var sum = (byte[])parts[0].Clone();
        fixed (byte* to = sum)
        {
            foreach (var part in parts.Skip(1))
            {
                fixed (byte* from = part)
                {
                    for (var i = 0; i < sum.Length / new FakeCall("", 0, 0, 0, type, -1, 0).ElementSize; i++)
                    {
                        switch (type)
                        {
                            case 6:
                                ((Half*)to)[i] = (Half)((float)((Half*)to)[i] + (float)((Half*)from)[i]);
                                break;
                            case 7:
                                ((float*)to)[i] += ((float*)from)[i];
                                break;
                            case 8:
                                ((double*)to)[i] += ((double*)from)[i];
                                break;
                            case 9:
                                ((BFloat16*)to)[i] = (BFloat16)((float)((BFloat16*)to)[i] + ((BFloat16*)from)[i]);
                                break;
                            default:
                                throw new InvalidOperationException($"Type {type} cannot be added.");
                        }
                    }
                }
            }
        }
        return sum;
    }
}
