package api

// ReadHistoriesIn sets the number of values of a history in memory.
func (s *Server) ReadHistoriesIn(parts int) { s.historyPart = parts }
