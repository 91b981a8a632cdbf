using GpuOptim.Host.Ilgpu;
using GpuOptim.Host.Ilgpu.Steps;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace GpuOptim.Tests.Ilgpu;

/// <summary>What a step sends: where it lies, and what of it stays while steps repeat the one before.</summary>
public sealed class StepBlockTests
{
    private readonly object _table = new();
    private Context _context = null!;
    private CPUAccelerator _accelerator = null!;
    private IlgpuQueue _queue = null!;
    private StepBlock _block = null!;

    [SetUp]
    public void MakeBlock()
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, 2)));
        _accelerator = _context.CreateCPUAccelerator(0);
        _queue = new(_accelerator, _accelerator.DefaultStream, "test", null);
        _block = new(_queue);
    }

    [TearDown]
    public void Close()
    {
        _block.Dispose();
        _queue.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <summary>Numbers of 12, 4 and 8 bytes, whose views begin at whole numbers of them.</summary>
    [Test]
    public void AllThatIsPutArrives()
    {
        var (bytes, triples, longs, column) = Step([1, 2, 3], [(1, 2, 3), (4, 5, 6)], [7L, 8], isRepeated: false);
        Assert.That(_block.View<byte>(bytes).GetAsArray()[..3], Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(_block.View<(int, int, int)>(triples).GetAsArray()[..2], Is.EqualTo([(1, 2, 3), (4, 5, 6)]));
        Assert.That(_block.View<long>(longs).GetAsArray(), Is.EqualTo([7L, 8]));
        Assert.That(_block.View<long>(column).GetAsArray(), Is.EqualTo([10L, 11, 12]));
        Assert.That(_block.HostView<long>(column).ToArray(), Is.EqualTo([10L, 11, 12]));
    }

    [Test]
    public void AStepThatRepeatsTheOneBeforeSendsNoColumns()
    {
        Step([1, 2, 3], [(1, 2, 3)], [7], isRepeated: false);
        var (all, version) = (_block.Sent.Length, _block.Version);
        var (_, _, longs, column) = Step([4, 5, 6], [(4, 5, 6)], [9], isRepeated: true);
        Assert.That(_block.Sent.Length, Is.EqualTo(all - 3 * sizeof(long)));
        Assert.That(_block.View<long>(longs).GetAsArray(), Is.EqualTo([9L]));
        Assert.That(_block.View<long>(column).GetAsArray(), Is.EqualTo([10L, 11, 12]));
        Assert.That(_block.Version, Is.EqualTo(version));

        // What the device has changed is sent again, though the host need not write it.
        _block.Spoil();
        (_, _, _, column) = Step([4, 5, 6], [(4, 5, 6)], [9], isRepeated: true);
        Assert.That(_block.Sent.Length, Is.EqualTo(all - 3 * sizeof(long)), "and then no more");
        Assert.That(_block.View<long>(column).GetAsArray(), Is.EqualTo([10L, 11, 12]));
    }

    /// <summary>More constants than before push the columns back, and what is in them.</summary>
    [Test]
    public void ColumnsMoveAsTheyAre()
    {
        Step([1], [(1, 2, 3)], [7], isRepeated: false);
        var version = _block.Version;
        var (_, triples, _, column) = Step([1], [.. Enumerable.Range(0, 100).Select(i => (i, i, i))], [7], isRepeated: true);
        Assert.That(_block.Version, Is.Not.EqualTo(version));
        Assert.That(_block.View<(int, int, int)>(triples).GetAsArray()[99], Is.EqualTo((99, 99, 99)));
        Assert.That(_block.View<long>(column).GetAsArray(), Is.EqualTo([10L, 11, 12]));
    }

    /// <summary>A column of another owner in the same place is another column.</summary>
    [Test]
    public void AColumnIsItsOwners()
    {
        _block.Begin();
        _block.PutColumn<int>(_table, 3, isRepeated: false, out var column);
        Assert.That(column.Length, Is.EqualTo(3));
        _block.Begin();
        _block.PutColumn<int>(_table, 3, isRepeated: true, out column);
        Assert.That(column.Length, Is.Zero);
        _block.Begin();
        _block.PutColumn<int>(new(), 3, isRepeated: true, out column);
        Assert.That(column.Length, Is.EqualTo(3));
        _block.Begin();
        _block.PutColumn<int>(_table, 2, isRepeated: true, out column);
        Assert.That(column.Length, Is.EqualTo(2));
    }

    /// <summary>What was used longest ago is next; one that is added is used last.</summary>
    [Test]
    public void ThingsAreUsedInTurn()
    {
        var rotation = new Rotation<string>(3);
        Assert.That(rotation.Next, Is.Null);
        rotation.Add("a");
        rotation.Add("b");
        Assert.That((rotation.Next, rotation.IsFull), Is.EqualTo(("a", false)));
        rotation.Advance();
        rotation.Add("c");
        Assert.That((rotation.Next, rotation.IsFull), Is.EqualTo(("b", true)));
        rotation.Advance();
        Assert.That(rotation.Next, Is.EqualTo("a"));
        rotation.Replace("d");
        rotation.Advance();
        rotation.Advance();
        rotation.Advance();
        Assert.That(rotation.Next, Is.EqualTo("d"));
        Assert.That(rotation.All, Is.EquivalentTo(["d", "b", "c"]));
    }

    /// <summary>Puts some of everything, and sends it as a step does; but of constants only what is sent.</summary>
    private (StepPlace Bytes, StepPlace Triples, StepPlace Longs, StepPlace Column) Step(byte[] bytes, (int, int, int)[] triples, long[] longs, bool isRepeated)
    {
        _block.Begin();
        var place = _block.PutColumn<long>(_table, 3, isRepeated, out var column);
        for (var i = 0; i < column.Length; i++)
            column[i] = 10 + i;
        var places = (_block.Put<byte>(bytes, 4), _block.Put<(int, int, int)>(triples, 2 * triples.Length), _block.Put<long>(longs, longs.Length), place);
        _block.Allocate();
        _queue.Upload(_block.Sent, _block.Memory.SubView(0, _block.Sent.Length));
        _block.CountSent();
        return places;
    }
}
