// What Go's contexts cost: the same shapes as context.cpp's, measured in the same way.
//
//	go build -o context_go ./tests/bench/go/context && ./context_go -shape child_cancel
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"time"
)

func print(shape, metric, unit string, value float64) {
	fmt.Printf("{\"bench\":\"context\",\"shape\":%q,\"subject\":\"go\",\"metric\":%q,\"unit\":%q,\"value\":%g}\n",
		shape, metric, unit, value)
}

func median(values []float64) float64 {
	sort.Float64s(values)
	return values[len(values)/2]
}

func nsPerCall(batches, calls int, call func()) float64 {
	taken := make([]float64, 0, batches)
	for batch := 0; batch < batches; batch++ {
		begin := time.Now()
		for i := 0; i < calls; i++ {
			call()
		}
		taken = append(taken, float64(time.Since(begin).Nanoseconds())/float64(calls))
	}
	return median(taken)
}

func childCancel() {
	parent, cancelParent := context.WithCancel(context.Background())
	defer cancelParent()
	print("child_cancel", "ns_per_op", "ns", nsPerCall(1000, 1000, func() {
		_, cancel := context.WithCancel(parent)
		cancel()
	}))
}

func timeout(shape string, live int) {
	parent, cancelParent := context.WithCancel(context.Background())
	defer cancelParent()
	for i := 0; i < live; i++ {
		_, cancel := context.WithTimeout(parent, time.Hour+time.Duration(i*7919%live)*time.Microsecond)
		defer cancel()
	}
	print(shape, "ns_per_op", "ns", nsPerCall(200, 1000, func() {
		_, cancel := context.WithTimeout(parent, time.Hour)
		cancel()
	}))
}

var polled bool

func poll() {
	outer, cancelOuter := context.WithCancel(context.Background())
	defer cancelOuter()
	inner, cancelInner := context.WithCancel(outer)
	defer cancelInner()
	print("poll", "ns_per_op", "ns", nsPerCall(1000, 1000, func() { polled = inner.Err() != nil }))
}

type userID struct{}
type otherKey int

func value5() {
	ctx := context.WithValue(context.Background(), userID{}, uint64(42))
	for i := 1; i <= 4; i++ {
		ctx = context.WithValue(ctx, otherKey(i), i)
	}
	print("value5", "ns_per_op", "ns", nsPerCall(1000, 1000, func() {
		if ctx.Value(userID{}).(uint64) != 42 {
			panic("value5: not found")
		}
	}))
}

func cascade1000() {
	taken := []float64{}
	for round := 0; round < 500; round++ {
		parent, cancelParent := context.WithCancel(context.Background())
		for i := 0; i < 1000; i++ {
			_, cancel := context.WithCancel(parent)
			defer cancel()
		}
		begin := time.Now()
		cancelParent()
		taken = append(taken, float64(time.Since(begin).Nanoseconds()))
	}
	print("cascade1000", "ns_per_op", "ns", median(taken))
}

// From the call of cancel until the goroutine that waits goes on. It may do so on the thread of the one that cancels,
// unless it has one for itself.
func wakeup(shape string, ownThread bool) {
	const rounds = 5000
	given := make(chan context.Context)
	woken := make(chan time.Time)
	go func() {
		if ownThread {
			runtime.LockOSThread()
		}
		for ctx := range given {
			<-ctx.Done()
			woken <- time.Now()
		}
	}()
	taken := make([]float64, 0, rounds)
	for round := 0; round < rounds; round++ {
		ctx, cancel := context.WithCancel(context.Background())
		given <- ctx
		for begin := time.Now(); time.Since(begin) < 50*time.Microsecond; { // it waits by then
		}
		begin := time.Now()
		cancel()
		taken = append(taken, float64((<-woken).Sub(begin).Nanoseconds()))
	}
	sort.Float64s(taken)
	print(shape, "p50", "ns", taken[rounds/2])
	print(shape, "p99", "ns", taken[rounds*99/100])
}

func memory() {
	const many = 100000
	parent, cancelParent := context.WithCancel(context.Background())
	defer cancelParent()
	measure := func(shape string, derive func() context.CancelFunc) {
		all := make([]context.CancelFunc, many)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range all {
			all[i] = derive()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		print(shape, "bytes", "bytes", float64(after.HeapAlloc-before.HeapAlloc)/many)
		for _, cancel := range all {
			cancel()
		}
	}
	measure("memory", func() context.CancelFunc { _, cancel := context.WithCancel(parent); return cancel })
	measure("memory_deadline", func() context.CancelFunc {
		_, cancel := context.WithTimeout(parent, time.Hour)
		return cancel
	})
}

func main() {
	shape := flag.String("shape", "child_cancel", "what is measured")
	flag.Parse()
	switch *shape {
	case "child_cancel":
		childCancel()
	case "timeout":
		timeout(*shape, 1000)
	case "timeout_1m":
		timeout(*shape, 1000000)
	case "poll":
		poll()
	case "value5":
		value5()
	case "cascade1000":
		cascade1000()
	case "wakeup":
		wakeup(*shape, true)
	case "wakeup_coroutine":
		wakeup(*shape, false)
	case "memory":
		memory()
	default:
		fmt.Fprintf(os.Stderr, "context: there is no shape %q\n", *shape)
		os.Exit(1)
	}
}
