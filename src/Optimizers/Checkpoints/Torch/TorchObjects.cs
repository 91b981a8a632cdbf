namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>What pickles of PyTorch may name: storage classes, and a few functions that are carried out here. Everything else is refused.</summary>
internal sealed class TorchObjects
{
    private static readonly Dictionary<string, Func<object?[], object>> _functions = new()
    {
        ["collections.OrderedDict"] = arguments => arguments is [] ? new PickleDictionary() : throw Unfit("collections.OrderedDict"),
        ["collections.Counter"] = arguments => arguments is [PickleDictionary counts] ? counts : throw Unfit("collections.Counter"),
        ["torch.Size"] = arguments => arguments is [object?[] size] ? size : throw Unfit("torch.Size"),
        ["torch._utils._rebuild_tensor"] = arguments => arguments is [TorchStorage storage, long offset, object?[] shape, object?[] strides]
            ? new TorchTensor(storage, offset, Naturals(shape), Naturals(strides))
            : throw Unfit("torch._utils._rebuild_tensor"),
        ["torch._utils._rebuild_tensor_v2"] = arguments => arguments is [TorchStorage storage, long offset, object?[] shape, object?[] strides, bool, var hooks, .. var more] && IsNothing(hooks) && more.All(IsNothing)
            ? new TorchTensor(storage, offset, Naturals(shape), Naturals(strides))
            : throw Unfit("torch._utils._rebuild_tensor_v2"),
        ["torch._utils._rebuild_parameter"] = arguments => arguments is [TorchTensor tensor, bool, var hooks] && IsNothing(hooks) ? tensor : throw Unfit("torch._utils._rebuild_parameter"),
    };

    private readonly Dictionary<string, TorchStorage> _storages = [];

    /// <summary>The storages that were named, by key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => _storages;

    /// <summary>What a global name stands for.</summary>
    /// <exception cref="InvalidDataException">Nothing that is allowed.</exception>
    public static object Global(string module, string name)
    {
        if (module == "torch" && TorchElement.All.TryGetValue(name, out var element))
            return element;
        return _functions.TryGetValue($"{module}.{name}", out var function)
            ? function
            : throw new InvalidDataException($"Global '{module}.{name}' is not allowed: a file of tensors needs none but {string.Join(", ", _functions.Keys)} and torch's storages");
    }

    /// <summary>What a function returns.</summary>
    /// <exception cref="InvalidDataException">It is none, or takes other arguments.</exception>
    public static object Call(object? function, object? arguments) => function is Func<object?[], object> known && arguments is object?[] values
        ? known(values)
        : throw new InvalidDataException("REDUCE must call an allowed function with a tuple");

    /// <summary>The storage that a persistent id names.</summary>
    /// <exception cref="InvalidDataException">It names none.</exception>
    public TorchStorage Storage(object? id)
    {
        if (id is not object?[] parts || parts is not ["storage", TorchElement element, string key, string, long count, .. var view] || !view.All(IsNothing))
            throw new InvalidDataException("A persistent id must be of a storage: its class, key, location and number of elements");
        if (count < 0 || count > long.MaxValue / element.Size)
            throw new InvalidDataException($"Storage '{key}' must fit into a file. Actual number of elements was {count}");
        var storage = new TorchStorage(key, element, count);
        if (!_storages.TryAdd(key, storage) && _storages[key] != storage)
            throw new InvalidDataException($"Storage '{key}' must have one type and length. It has {_storages[key].Count} of {_storages[key].Element.Name}, and {count} of {element.Name}");
        return _storages[key];
    }

    private static bool IsNothing(object? value) => value is null or PickleDictionary { Count: 0 };

    private static long[] Naturals(object?[] values) =>
        [.. values.Select(value => value is long number ? number : throw new InvalidDataException("Shape and strides of a tensor must be whole numbers"))];

    private static InvalidDataException Unfit(string function) => new($"Arguments of '{function}' must be those of a plain tensor");
}
