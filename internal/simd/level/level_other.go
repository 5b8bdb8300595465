//go:build !amd64

package level

func ofMachine() int { return Go }
