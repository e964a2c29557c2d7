package chain

import "sync"

// Parallel calls f for all numbers below n, in as many goroutines as workers says, at
// least one, and returns when all calls have.
func Parallel(workers, n int, f func(int)) {
	const chunk = 16
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(1, workers) {
		wg.Go(func() {
			for from := range next {
				for i := from; i < min(n, from+chunk); i++ {
					f(i)
				}
			}
		})
	}
	for i := 0; i < n; i += chunk {
		next <- i
	}
	close(next)
	wg.Wait()
}
